// Finds and loads libtorch, which the tool's package does not contain.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>
/// libtorch is 500 MB and differs per operating system, so the tool's package omits it. A build in the repository has it in the output folder; otherwise it is
/// loaded from the folder in the environment variable <c>MLNET_VIT_LIBTORCH</c>, or from the NuGet package folder.
/// </summary>
internal static class Libtorch
{
    internal const string Variable = "MLNET_VIT_LIBTORCH";

    private const string Version = "2.10.0";

    /// <summary>In load order: each before those that depend on it.</summary>
    private static readonly string[] _libraries = ["c10", "torch_cpu", "torch"];

    private static readonly Lock _once = new();
    private static bool _found;

    /// <summary>Loads libtorch before TorchSharp's native library needs it.</summary>
    /// <exception cref="InvalidOperationException">It was not found; the message states how to get it.</exception>
    internal static void Find()
    {
        lock (_once)
        {
            if (_found)
                return;
            string[] folders = [.. Folders(Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile))];
            _found = IsBeside() || folders.Any(Load);
            if (!_found)
                throw new InvalidOperationException(Missing(folders));
        }
    }

    /// <summary>The folders to search, in order.</summary>
    internal static IEnumerable<string> Folders(Func<string, string?> variable, string home)
    {
        if (variable(Variable) is { Length: > 0 } given)
            yield return given;
        string packages = variable("NUGET_PACKAGES") is { Length: > 0 } moved ? moved : Path.Combine(home, ".nuget", "packages");
        yield return Path.Combine(packages, $"libtorch-cpu-{System}", Version, "runtimes", System, "native");
    }

    private static string System => OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";

    private static bool IsBeside() => NativeLibrary.TryLoad("torch_cpu", typeof(TorchSharp.torch).Assembly, null, out _);

    private static bool Load(string folder) => _libraries.All(name => NativeLibrary.TryLoad(Path.Combine(folder, FileName(name)), out _));

    private static string FileName(string name) => OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    private static string Missing(string[] folders) =>
        $"libtorch {Version}, the native library for tensor operations, is not in {string.Join(" or ", folders)}. "
        + $"Install it once, from any project: dotnet add package libtorch-cpu-{System} --version {Version}; or set {Variable} to the folder that contains its files.";
}
