// Lets TorchSharp load on older Linux systems from a package folder, as in a .NET Interactive kernel, where no build step has prepared its library.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.BuildTools;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// The package's build step replaces libLibTorchSharp.so in an application's output folder (docs/how-it-builds.md). A kernel loads TorchSharp.dll from the
/// package folder instead. There, a copy with the same change is loaded before TorchSharp looks for its library: the system's loader knows a loaded
/// library by its name, so TorchSharp gets the copy.
/// </summary>
internal static class RelaxedTorchSharp
{
    private const string Name = "LibTorchSharp", FileName = "libLibTorchSharp.so";

    private static readonly Lazy<bool> _loaded = new(TryLoad);

    /// <summary>Loads the copy if TorchSharp is in a package folder and the system refuses its library; otherwise does nothing.</summary>
    internal static void Load() => _ = _loaded.Value;

    /// <summary>The library in the package that the assembly belongs to; null if the assembly is not in a package folder.</summary>
    internal static string? LibraryOf(string assemblyPath)
    {
        string path = Path.GetFullPath(Path.Combine(assemblyPath, "..", "..", "..", "runtimes", "linux-x64", "native", FileName));
        return assemblyPath.Length > 0 && File.Exists(path) ? path : null;
    }

    private static bool TryLoad()
    {
        var assembly = typeof(torch).Assembly;
        if (!OperatingSystem.IsLinux() || LibraryOf(assembly.Location) is not { } library)
            return false;
        // The library needs these two; the kernel knows where the package with them is.
        if (!NativeLibrary.TryLoad("torch_cpu", assembly, null, out _) || !NativeLibrary.TryLoad("torch", assembly, null, out _))
            return false;
        return !NativeLibrary.TryLoad(Name, assembly, null, out _) && TryLoadCopy(library);
    }

    private static bool TryLoadCopy(string library)
    {
        try
        {
            byte[] image = File.ReadAllBytes(library);
            if (!ElfVersionNeeds.RelaxTorchSharp(image))
                return false;
            string folder = Directory.CreateTempSubdirectory("vit-torchsharp-").FullName;
            try
            {
                string copy = Path.Combine(folder, FileName);
                File.WriteAllBytes(copy, image);
                return NativeLibrary.TryLoad(copy, out _);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);    // a loaded library stays in memory without its file
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            return false;    // TorchSharp then reports that its library does not load
        }
    }
}
