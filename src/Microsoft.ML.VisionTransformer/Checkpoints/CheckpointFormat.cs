// Opens a checkpoint whatever its format is, which its content tells and not its name.
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
