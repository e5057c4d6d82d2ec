// The unusual and broken images in a temporary folder, including those whose names not every file system or clone supports.
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class BadImages : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly JsonDocument _manifest;

    internal BadImages()
    {
        string source = TestData.Path("bad-images");
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            File.Copy(file, _folder.File(Path.GetRelativePath(source, file)));
        _manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(source, "manifest.json")));
        foreach (var entry in Entries)
        {
            if (entry.TryGetProperty("copy_of", out var original))
                File.Copy(Path.Combine(source, original.GetString()!), _folder.File(entry.GetProperty("file").GetString()!));
        }
    }

    internal string Folder => _folder.Path;

    /// <summary>One object per file: <c>file</c>, <c>what</c> it is, the expected <c>outcome</c>, and how to check it.</summary>
    internal IEnumerable<JsonElement> Entries => _manifest.RootElement.GetProperty("files").EnumerateArray();

    public void Dispose()
    {
        _manifest.Dispose();
        _folder.Dispose();
    }
}
