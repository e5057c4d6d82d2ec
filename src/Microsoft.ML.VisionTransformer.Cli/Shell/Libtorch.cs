// Finds libtorch for a tool whose package has it not.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>
/// libtorch is 500 MB and another one for each system, so the tool's package leaves it out. Built in its repository the tool has it beside it; else it is loaded from
/// the folder that the variable <c>MLNET_VIT_LIBTORCH</c> names, or from NuGet's folder of packages.
/// </summary>
internal static class Libtorch
{
    internal const string Variable = "MLNET_VIT_LIBTORCH";

    private const string Version = "2.10.0";

    /// <summary>Each before those that need it.</summary>
    private static readonly string[] _libraries = ["c10", "torch_cpu", "torch"];

    private static readonly Lock _once = new();
    private static bool _found;

    /// <summary>Loads it, so that TorchSharp's own library finds it there.</summary>
    /// <exception cref="InvalidOperationException">It is nowhere; the message says how to get it.</exception>
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

    /// <summary>Where it is looked for, in order.</summary>
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
        $"libtorch {Version}, the native library that computes, is not in {string.Join(" or ", folders)}. Get it once, with any project: dotnet add package libtorch-cpu-{System} --version {Version}; or set {Variable} to the folder of its files.";
}
