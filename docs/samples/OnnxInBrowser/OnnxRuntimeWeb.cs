// The files of onnxruntime-web that the page needs, fetched with npm at the first start.
using System.Text.Json;

namespace OnnxInBrowser;

internal static class OnnxRuntimeWeb
{
    /// <summary>The loader, and the WebAssembly build for processors with the code that starts it. Graphics processors are left out.</summary>
    internal static readonly string[] Files = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];

    private const string Package = "onnxruntime-web";

    /// <summary>The folder with <see cref="Files"/> beside this program, of the version that package.json has.</summary>
    /// <exception cref="InvalidOperationException">It is not there yet, and npm is missing or failed.</exception>
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

    /// <summary>Installs elsewhere and moves three files of a hundred megabytes, so that the folder is complete or not there.</summary>
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
            if (!Directory.Exists(folder))    // Another start may have been quicker.
                chosen.MoveTo(folder);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }
}
