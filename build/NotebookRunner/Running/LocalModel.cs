// Provides a local folder under the hub id that the notebooks name, so that a run downloads nothing.
namespace NotebookRunner.Running;

/// <summary>
/// A model cache as huggingface_hub lays it out, with one model, in a temporary folder. While it exists, this process and the processes that it starts
/// use that cache and work offline.
/// </summary>
internal sealed class LocalModel : IDisposable
{
    /// <summary>The id in the notebooks.</summary>
    internal const string HubId = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";

    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly string _cache = Directory.CreateTempSubdirectory("notebook-model-").FullName;

    private readonly Dictionary<string, string?> _before = [];

    /// <param name="folder">A folder with <c>model.safetensors</c> and its configuration.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    internal LocalModel(string folder)
    {
        string model = Path.Combine(_cache, "models--" + HubId.Replace("/", "--", StringComparison.Ordinal));
        string snapshot = Directory.CreateDirectory(Path.Combine(model, "snapshots", Commit)).FullName;
        foreach (string file in Directory.EnumerateFiles(folder))
            File.Copy(file, Path.Combine(snapshot, Path.GetFileName(file)));
        Directory.CreateDirectory(Path.Combine(model, "refs"));
        File.WriteAllText(Path.Combine(model, "refs", "main"), Commit);
        Set("HF_HUB_CACHE", _cache);
        Set("HF_HUB_OFFLINE", "1");
    }

    public void Dispose()
    {
        foreach (var (variable, value) in _before)
            Environment.SetEnvironmentVariable(variable, value);
        Directory.Delete(_cache, recursive: true);
    }

    private void Set(string variable, string value)
    {
        _before[variable] = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, value);
    }
}
