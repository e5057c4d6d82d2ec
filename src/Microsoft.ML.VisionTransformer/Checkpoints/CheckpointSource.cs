// Locates and opens the checkpoint that a user named: a file, a folder, or a model on a hub.
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Onnx;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Resolves a path, short name or hub id to a local file or folder.</summary>
internal static class CheckpointSource
{
    /// <summary>Returns the local file or folder. An existing path takes precedence over a short name, which takes precedence over a hub id.</summary>
    /// <param name="pathOrHubId">A path, a short name (<see cref="PretrainedModelInfo"/>), or <c>owner/name</c>.</param>
    /// <param name="settings">Returns the settings of the hub; called only if a hub is needed.</param>
    /// <param name="log">Receives messages about downloads.</param>
    /// <param name="cancellation">Cancels a download.</param>
    /// <exception cref="FileNotFoundException">It is not an existing path, a short name or a hub id.</exception>
    /// <exception cref="ModelDownloadException">The model is not in the cache and cannot be downloaded.</exception>
    internal static string Resolve(string pathOrHubId, Func<HubSettings> settings, Action<string> log, CancellationToken cancellation)
    {
        Guard.NotBlank(pathOrHubId);
        if (File.Exists(pathOrHubId) || Directory.Exists(pathOrHubId))
            return pathOrHubId;
        if (PretrainedModelInfo.Find(pathOrHubId) is { } known)
        {
            log($"{known.Name} is {known.HubId} ({known.Description}).");
            return HubModel.Resolve(known.HubId, settings(), log, cancellation);
        }

        if (HubModel.LooksLikeId(pathOrHubId) && !IsBareName(pathOrHubId))
            return HubModel.Resolve(pathOrHubId, settings(), log, cancellation);
        throw new FileNotFoundException(
            IsBareName(pathOrHubId)
                ? $"{MessageText.Of(pathOrHubId)}: there is no such file or folder, and it is not a hub model id (owner/name); {PretrainedModelInfo.Suggest(pathOrHubId)}. Correct the name, or pass a path or an id."
                : $"{pathOrHubId}: there is no such file or folder, and it is not a hub model id (owner/name). Correct the path or the id.",
            pathOrHubId);
    }

    /// <summary>
    /// Whether a text is a name without owner, folder or file extension of weights. The hub has no Vision Transformer under such a name; <c>hf-hub:name</c>
    /// asks a hub for one nevertheless.
    /// </summary>
    private static bool IsBareName(string text) => text.AsSpan().IndexOfAny('/', '\\', ':') < 0 && !HubModel.LooksLikeFile(text);
}

/// <summary>Finds the weights file in a model folder.</summary>
internal static class CheckpointFolder
{
    /// <summary>Most file names in an error message; a folder may have thousands of files.</summary>
    private const int MaxNames = 8;

    /// <summary>Standard file names of weights on hubs and in frameworks, in order of preference.</summary>
    private static readonly string[] _names = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "open_clip_model.safetensors"];

    private static readonly string[] _extensions = [".safetensors", ".npz", ".pth", ".pt", ".bin"];

    /// <summary>Used only if there is nothing else, because hubs also store exports beside the weights.</summary>
    private const string Exported = ".onnx";

    /// <summary>Whether this is a standard file name of weights.</summary>
    internal static bool IsStandardName(string name) => _names.Contains(name, StringComparer.Ordinal);

    /// <summary>Returns the file with a standard name, else the only file with a checkpoint extension, else the only ONNX file.</summary>
    /// <exception cref="FileNotFoundException">There is no candidate, or more than one.</exception>
    internal static string Find(string folder)
    {
        string? standard = _names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (standard is not null)
            return standard;
        string[] files = [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];
        string[] candidates = EndingIn(files, _extensions);
        if (candidates.Length == 0)
            candidates = EndingIn(files, Exported);
        return candidates.Length == 1
            ? candidates[0]
            : throw new FileNotFoundException($"{folder} has {Describe(candidates, files)}. Expected one of {string.Join(", ", _names)}, "
                + $"a single file with extension {string.Join(", ", _extensions)}, or a single {Exported} file. Pass the path of the file itself.");
    }

    private static string[] EndingIn(string[] files, params string[] extensions) =>
        [.. files.Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))];

    private static string Describe(string[] candidates, string[] files)
    {
        if (candidates.Length > 1)
            return $"{candidates.Length} files that may be the checkpoint: {List(candidates)}";
        return files.Length == 0 ? "no files" : $"no checkpoint among its {files.Length} {(files.Length == 1 ? "file" : "files")}: {List(files)}";
    }

    private static string List(string[] files) => MessageText.List([.. files.Select(file => Path.GetFileName(file))], MaxNames);
}

/// <summary>Opens a checkpoint of any supported format. The format is detected from the first bytes, or from the entry names of a zip archive.</summary>
internal static class CheckpointFormat
{
    private const string Known =
        "Supported formats are safetensors (one file, or the .index.json of a sharded checkpoint), NumPy archives (.npz), "
        + "zip files from torch.save (.pth, .pt, .bin), and ONNX files exported by this library.";

    /// <summary>Opens a file, or the checkpoint that <see cref="CheckpointFolder"/> finds in a folder.</summary>
    /// <exception cref="FileNotFoundException">The path does not exist, or the folder has no checkpoint.</exception>
    /// <exception cref="InvalidCheckpointException">The file is corrupt, malicious, or in an unsupported format; the message says which.</exception>
    internal static CheckpointFile OpenAny(string path)
    {
        Guard.NotBlank(path);
        if (Directory.Exists(path))
            return OpenFile(CheckpointFolder.Find(path));
        if (!File.Exists(path))
            throw new FileNotFoundException(
                $"{path}: there is no such file or folder. Correct the path; a hub model id (owner/name) is not accepted here.", path);
        return OpenFile(path);
    }

    private static CheckpointFile OpenFile(string path)
    {
        byte[] start = ReadStart(path);
        return FileSignature.Of(start) switch
        {
            FileKind.Safetensors => SafetensorsCheckpoint.Open(path),
            FileKind.Zip => OpenArchive(path),
            FileKind.Pickle => PthCheckpoint.Open(path),    // throws an error that explains how to save it again
            FileKind.Onnx => OnnxCheckpoint.Open(path),
            FileKind.Json => ShardedSafetensorsCheckpoint.Open(path),
            FileKind.Empty => throw Refused(path, "is empty: the download or copy failed; download it again."),
            FileKind.LfsPointer => throw Refused(path, "is a Git LFS pointer, not the file itself: run git lfs pull in its repository."),
            FileKind.Markup => throw Refused(path, "is an HTML or XML page: the download failed; download the file itself."),
            _ => throw Refused(path, $"is not a checkpoint: it starts with {Shown(start)}. {Known}"),
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
            $"is a zip archive of {names.Length} entries with neither .npy files, as in NumPy archives, nor FOLDER/data.pkl, as in PyTorch files: "
            + $"it is not a checkpoint, or it is a zipped folder that must be extracted first. {Known}");
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
                $"{path} starts like a zip archive, as NumPy and PyTorch files do, but is corrupt or truncated ({e.Message.TrimEnd('.')}). "
                + "Download it again.",
                e);
        }
    }

    private static string Shown(byte[] start) => Convert.ToHexString(start.AsSpan(0, Math.Min(start.Length, FileSignature.ShownBytes)));

    private static InvalidCheckpointException Refused(string path, string what) => new($"{path} {what}");
}
