// Finds what a user named: a file, a folder, or a model of a hub.
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Onnx;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;
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

/// <summary>The formats that are read, told apart by the first bytes of a file, or by the names in it where it is a zip archive.</summary>
internal static class CheckpointFormat
{
    private const string Known =
        "Read are safetensors, one file or the index (.index.json) of several, NumPy archives (.npz), zip files of torch.save (.pth, .pt, .bin), and ONNX files of this library.";

    /// <summary>Opens a file, or the checkpoint that <see cref="CheckpointFolder"/> finds in a folder.</summary>
    /// <exception cref="FileNotFoundException">There is nothing at the path, or no checkpoint in the folder.</exception>
    /// <exception cref="InvalidCheckpointException">The file is broken or hostile, or of a format that is not read: the message says which.</exception>
    internal static CheckpointFile OpenAny(string path)
    {
        Guard.NotBlank(path);
        if (Directory.Exists(path))
            return OpenFile(CheckpointFolder.Find(path));
        if (!File.Exists(path))
            throw new FileNotFoundException(
                $"{path}: there is no such file or folder. Correct the path; a model of a hub is named by its id, owner/name, and is not at this place.", path);
        return OpenFile(path);
    }

    private static CheckpointFile OpenFile(string path)
    {
        byte[] start = ReadStart(path);
        return FileSignature.Of(start) switch
        {
            FileKind.Safetensors => SafetensorsCheckpoint.Open(path),
            FileKind.Zip => OpenArchive(path),
            FileKind.Pickle => PthCheckpoint.Open(path),    // refuses it and says how to save it again
            FileKind.Onnx => OnnxCheckpoint.Open(path),
            FileKind.Json => ShardedSafetensorsCheckpoint.Open(path),
            FileKind.Empty => throw Refused(path, "is empty: the download or the copy failed; get it again."),
            FileKind.LfsPointer => throw Refused(path, "is a Git LFS pointer, which stands for the file itself: run git lfs pull in its repository."),
            FileKind.Markup => throw Refused(path, "is an HTML or XML page: the download failed; download the file itself."),
            _ => throw Refused(path, $"is no checkpoint: it begins with {Shown(start)}. {Known}"),
        };
    }

    private static byte[] ReadStart(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        byte[] start = new byte[FileSignature.Length];
        return start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }

    private static CheckpointFile OpenArchive(string path)
    {
        string[] names = EntryNames(path);
        if (names.Any(n => n.EndsWith("/data.pkl", StringComparison.Ordinal)))
            return PthCheckpoint.Open(path);
        if (names.Any(n => n.EndsWith(".npy", StringComparison.Ordinal)))
            return NpzCheckpoint.Open(path);
        throw Refused(
            path,
            $"is a zip archive of {names.Length} entries, none of them .npy as in NumPy's archives nor FOLDER/data.pkl as in PyTorch's: "
            + $"it is no checkpoint, or a packed folder to be unpacked first. {Known}");
    }

    private static string[] EntryNames(string path)
    {
        try
        {
            using var zip = ZipFile.OpenRead(path);
            return [.. zip.Entries.Select(e => e.FullName)];
        }
        catch (Exception e) when (NpzMember.IsDamage(e))
        {
            throw new InvalidCheckpointException(
                $"{path} begins like a zip archive, as NumPy's and PyTorch's files do, and is damaged or cut off ({e.Message.TrimEnd('.')}). Get it again.", e);
        }
    }

    private static string Shown(byte[] start) => Convert.ToHexString(start.AsSpan(0, Math.Min(start.Length, FileSignature.ShownBytes)));

    private static InvalidCheckpointException Refused(string path, string what) => new($"{path} {what}");
}
