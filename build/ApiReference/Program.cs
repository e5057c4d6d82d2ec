// Writes the pages of the API reference into a folder, docs/api of this repository where none is given.
namespace Microsoft.ML.VisionTransformer.ApiReference;

internal static class Program
{
    private static int Main(string[] args)
    {
        string folder = args.Length > 0 ? args[0] : Path.Combine("docs", "api");
        var pages = ReferencePages.Of(PublicSurface.Of(typeof(VisionTransformerTrainer).Assembly));
        Directory.CreateDirectory(folder);
        foreach (string old in Directory.EnumerateFiles(folder, "*.md").Where(f => !pages.ContainsKey(Path.GetFileName(f))))
            File.Delete(old);
        foreach (var (name, text) in pages)
            File.WriteAllText(Path.Combine(folder, name), text);
        Console.WriteLine($"{pages.Count} pages in {folder}.");
        return 0;
    }
}
