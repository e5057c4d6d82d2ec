// The requirements of tests beyond the .NET SDK and the repository; tests are skipped only here.
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>
/// Each method skips the test if something is missing, with a reason that starts with "Skipped: needs". Called in the first lines of a test, or of the
/// method that initializes a test, and nowhere else; <c>SkippedTestsTests</c> checks that. <c>.ci/run</c> has the list of allowed reasons.
/// </summary>
internal static class Requires
{
    /// <summary>Environment variable that enables slow tests; documented in the README.</summary>
    internal const string SlowTestsVariable = "VIT_SLOW_TESTS";

    internal static void OptionalData() => SkipUnless(
        Support.OptionalData.IsThere,
        $"the optional test data, a pretrained ViT-Ti and Tiny-ImageNet images: name its folder in {Support.OptionalData.Variable}, or put it beside the repository as 'shared'");

    internal static void SlowTests() => SkipUnless(Environment.GetEnvironmentVariable(SlowTestsVariable) == "1", $"{SlowTestsVariable}=1, because it takes long");

    internal static void Avx2() => SkipUnless(System.Runtime.Intrinsics.X86.Avx2.IsSupported && Fma.IsSupported, "a processor with AVX2 and FMA");

    internal static void Avx512() => SkipUnless(Avx512F.IsSupported, "a processor with AVX-512");

    internal static void Linux(string why) => SkipUnless(OperatingSystem.IsLinux(), $"Linux: {why}");

    internal static void Unix(string why) => SkipUnless(!OperatingSystem.IsWindows(), $"Linux or macOS: {why}");

    /// <summary>A disk that is always full.</summary>
    internal static void FullDevice() => SkipUnless(File.Exists("/dev/full"), "a system with /dev/full");

    internal static void NoGpu(bool hasGpu) => SkipUnless(!hasGpu, "a machine without a CUDA GPU");

    internal static void Program(string name, string debianPackage) => SkipUnless(ProgramPath(name) is not null, $"the program {name} (Debian: apt-get install {debianPackage})");

    /// <summary>Open MPI's or MPICH's launcher.</summary>
    internal static void MpiLauncher(string name) => Program(name, name == "mpirun.mpich" ? "mpich" : "openmpi-bin");

    internal static void If(bool possible, string what) => SkipUnless(possible, what);

    /// <summary>The path of an installed program, or null. Also searches administrators' folders.</summary>
    internal static string? ProgramPath(string name)
    {
        string[] names = OperatingSystem.IsWindows() ? [$"{name}.exe", $"{name}.cmd"] : [name];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(OperatingSystem.IsWindows() ? [] : ["/sbin", "/usr/sbin"])
            .SelectMany(folder => names.Select(n => Path.Combine(folder, n)))
            .FirstOrDefault(File.Exists);
    }

    private static void SkipUnless(bool met, string what)
    {
        if (!met)
            Assert.Inconclusive($"Skipped: needs {what}.");
    }
}
