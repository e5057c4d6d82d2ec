// Finds what a user named: a file, a folder, or a model of a hub.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Finds what a user named: a file, a folder, or a model of a hub.</summary>
internal static class CheckpointSource
{
    /// <summary>The local file or folder of a path or hub id; a path that exists comes first.</summary>
    /// <param name="pathOrHubId">A path, or <c>owner/name</c>.</param>
    /// <param name="log">Told of downloads.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="FileNotFoundException">It is neither.</exception>
    /// <exception cref="ModelDownloadException">The hub's model is not in the cache and cannot be had.</exception>
    internal static string Resolve(string pathOrHubId, Action<string> log, CancellationToken cancellation)
    {
        Guard.NotBlank(pathOrHubId);
        if (File.Exists(pathOrHubId) || Directory.Exists(pathOrHubId))
            return pathOrHubId;
        return HubModel.LooksLikeId(pathOrHubId)
            ? HubModel.Resolve(pathOrHubId, HubSettings.FromEnvironment(), log, cancellation)
            : throw new FileNotFoundException(
                $"{pathOrHubId}: there is no such file or folder, and it is no id of a hub's model (owner/name). Correct the path or the id.", pathOrHubId);
    }
}

/// <summary>Finds the weights in the folder of a model.</summary>
internal static class CheckpointFolder
{
    /// <summary>Names in a message; a folder may have thousands of files.</summary>
    private const int MostNames = 8;

    /// <summary>The names under which hubs and frameworks keep a model's weights; the first that is there is taken.</summary>
    private static readonly string[] _names = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "open_clip_model.safetensors"];

    private static readonly string[] _extensions = [".safetensors", ".npz", ".pth", ".pt", ".bin"];

    /// <summary>Looked for where there is nothing else: hubs put exports of all kinds beside the weights.</summary>
    private const string Exported = ".onnx";

    /// <summary>Whether hubs and frameworks keep weights under that name.</summary>
    internal static bool IsUsualName(string name) => _names.Contains(name, StringComparer.Ordinal);

    /// <summary>The file of one of the usual names, or else the only one with the extension of a checkpoint, or else the only ONNX file.</summary>
    /// <exception cref="FileNotFoundException">There is none, or more than one to choose from.</exception>
    internal static string Find(string folder)
    {
        string? usual = _names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (usual is not null)
            return usual;
        string[] files = [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];
        string[] candidates = EndingIn(files, _extensions);
        if (candidates.Length == 0)
            candidates = EndingIn(files, Exported);
        return candidates.Length == 1
            ? candidates[0]
            : throw new FileNotFoundException($"{folder} has {Describe(candidates, files)}. Looked for were {string.Join(", ", _names)}, "
                + $"then a single file that ends in {string.Join(", ", _extensions)}, then a single one that ends in {Exported}. Give the path of the file itself.");
    }

    private static string[] EndingIn(string[] files, params string[] extensions) => [.. files.Where(f => extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))];

    private static string Describe(string[] candidates, string[] files)
    {
        if (candidates.Length > 1)
            return $"{candidates.Length} files that may be the checkpoint: {List(candidates)}";
        return files.Length == 0 ? "no files" : $"no checkpoint among its {files.Length} file(s): {List(files)}";
    }

    private static string List(string[] files) => MessageText.List([.. files.Select(file => Path.GetFileName(file))], MostNames);
}
