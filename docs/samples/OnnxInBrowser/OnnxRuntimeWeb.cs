// The files of onnxruntime-web that the page needs, downloaded with npm at the first start.
using System.Text.Json;

namespace OnnxInBrowser;

internal static class OnnxRuntimeWeb
{
    /// <summary>The loader, and the WebAssembly build for CPUs with its startup code. GPUs are not supported.</summary>
    internal static readonly string[] Files = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];

    private const string Package = "onnxruntime-web";

    /// <summary>The folder with <see cref="Files"/> beside this program, in the version that package.json names.</summary>
    /// <exception cref="InvalidOperationException">The folder does not exist, and npm is missing or failed.</exception>
    internal static string Folder()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, $"{Package}-{Version()}");
        if (!Directory.Exists(folder))
        {
            Console.WriteLine($"Fetching {Package} {Version()} with npm, this once.");
            Install(folder);
        }

        return folder;
    }

    private static string Version()
    {
        using var package = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "package.json")));
        return package.RootElement.GetProperty("dependencies").GetProperty(Package).GetString()!;
    }

    /// <summary>Installs into a temporary folder and moves three of its files, 100 MB, so that the folder is either complete or missing.</summary>
    private static void Install(string folder)
    {
        var work = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, $"npm-{Environment.ProcessId}"));
        try
        {
            foreach (string file in new[] { "package.json", "package-lock.json" })
                File.Copy(Path.Combine(AppContext.BaseDirectory, file), Path.Combine(work.FullName, file), overwrite: true);
            Npm.Run(work.FullName, "ci", "--ignore-scripts", "--no-audit", "--no-fund");

            var chosen = work.CreateSubdirectory("chosen");
            foreach (string file in Files)
                File.Move(Path.Combine(work.FullName, "node_modules", Package, "dist", file), Path.Combine(chosen.FullName, file));
            if (!Directory.Exists(folder))    // Another process may have created it in the meantime.
                chosen.MoveTo(folder);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }
}
