// Reads checkpoints written by PyTorch's torch.save.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;

/// <summary>
/// A <c>.pth</c>, <c>.pt</c> or <c>.bin</c> file in PyTorch's zip format, see <see cref="PthArchive"/>. <see cref="PickleMachine"/> reads its pickle and can
/// only build tensors, dicts, lists, tuples, strings and numbers, so a file cannot run code.
/// </summary>
internal sealed class PthCheckpoint : CheckpointFile
{
    private readonly PthArchive _archive;

    private PthCheckpoint(string path, PthArchive archive)
    {
        var found = PthStateDict.Find(PickleMachine.Run(archive.ReadPickle(), path), archive);
        (Path, StateDictKey, _archive) = (path, found.Key, archive);
        Notes = found.Passed.Count == 0 ? [] : [$"The weights under {found.Key} are used; {string.Join(" and ", found.Passed)} {(found.Passed.Count == 1 ? "is" : "are")} ignored."];
        Tensors = found.Tensors.ToDictionary(t => t.Key, StoredTensor (t) => new PthTensor(archive, t.Key, t.Value));
    }

    internal override string Path { get; }

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    internal override IReadOnlyList<string> Notes { get; }

    /// <summary>The key of the weights, such as <c>model</c>; null if the file is a plain state dict.</summary>
    internal string? StateDictKey { get; }

    /// <summary>Opens a checkpoint and checks that every tensor is within its storage.</summary>
    /// <exception cref="InvalidCheckpointException">
    /// The file is missing, corrupt, in PyTorch's old format, contains more than plain data, or has no named tensors.
    /// </exception>
    internal static PthCheckpoint Open(string path)
    {
        var archive = OpenArchive(path);
        try
        {
            return new PthCheckpoint(path, archive);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    public override void Dispose() => _archive.Dispose();

    private static PthArchive OpenArchive(string path)
    {
        var file = OpenFile(path);
        byte[] start = new byte[PthSignature.Length];
        int length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (PthSignature.IsZip(start.AsSpan(0, length)))
            return new PthArchive(path, file);
        file.Dispose();
        throw new InvalidCheckpointException($"{path} {PthSignature.Explain(start.AsSpan(0, length))}");
    }

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException($"{path} cannot be opened: {e.Message.TrimEnd('.')}. Correct the path or the file permissions.", e);
        }
    }
}

/// <summary>The weights found in a PyTorch checkpoint.</summary>
/// <param name="Key">The key of the weights; null if the checkpoint is a plain state dict.</param>
/// <param name="Tensors">The tensors by name; other values beside them are ignored.</param>
/// <param name="Passed">Other keys that may also contain weights.</param>
internal sealed record PthStateDict(string? Key, IReadOnlyDictionary<string, PickledTensor> Tensors, IReadOnlyList<string> Passed)
{
    private const string Advice = "Save only the weights: torch.save(model.state_dict(), path).";

    /// <summary>
    /// Keys under which training scripts store the weights, in order of preference. EMA weights come first because they are the evaluated ones, as in timm.
    /// </summary>
    private static readonly string[] _keys = ["state_dict_ema", "model_ema", "model", "state_dict", "teacher"];

    /// <exception cref="InvalidCheckpointException">The value has no named tensors.</exception>
    internal static PthStateDict Find(object? value, PthArchive archive)
    {
        if (value is not PickleDictionary root)
            throw archive.Fail($"it contains {Describe(value)}, not a dict of tensors", Advice);
        foreach (string key in _keys)
        {
            if (root.Items.GetValueOrDefault(key) is PickleDictionary inner && NamedTensors(inner, archive) is { Count: > 0 } found)
                return new PthStateDict(key, found, [.. _keys.Where(other => other != key && root.Items.GetValueOrDefault(other) is PickleDictionary)]);
        }

        return NamedTensors(root, archive) is { Count: > 0 } plain
            ? new PthStateDict(null, plain, [])
            : throw archive.Fail(
                $"it has no tensors at the top level or under {string.Join(", ", _keys)}; "
                + $"its keys are {string.Join(", ", root.Items.Keys.Take(8).Select(MessageText.Of))}",
                Advice);
    }

    private static Dictionary<string, PickledTensor> NamedTensors(PickleDictionary dictionary, PthArchive archive)
    {
        var tensors = new Dictionary<string, PickledTensor>();
        foreach (var (key, value) in dictionary.Items)
        {
            if (value is PickledTensor tensor)
                tensors.Add(key as string ?? throw archive.Fail($"a tensor has the name {MessageText.Of(key)}, which is not a string", Advice), tensor);
        }

        return tensors;
    }

    private static string Describe(object? value) => value switch
    {
        List<object?> => "a list",
        PickleTuple => "a tuple",
        PickledTensor => "a single tensor",
        null => "nothing",
        _ => "a single value",
    };
}

/// <summary>Explains from the first bytes why a file is not a PyTorch archive.</summary>
internal static class PthSignature
{
    /// <summary>Number of bytes that are examined.</summary>
    internal const int Length = 16;

    private const string SaveAgain =
        "If you trust it, load it in Python and save it again with torch.save(state_dict, path, _use_new_zipfile_serialization=True) or as safetensors.";

    internal static bool IsZip(ReadOnlySpan<byte> start) => start.StartsWith("PK"u8);

    /// <summary>What is wrong with a file for which <see cref="IsZip"/> is false, and what to do. The rest of the file is not read.</summary>
    internal static string Explain(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return "is empty. Download or save it again.";
        if (start.Length > 4 && start[0] == 0x80 && start[2..].StartsWith((ReadOnlySpan<byte>)[0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]))
            return $"is in the format that PyTorch used before version 1.6, which is not supported. {SaveAgain}";
        if (start[0] == 0x80)
            return $"is a bare Python pickle, not an archive from torch.save, and is not supported. {SaveAgain}";
        if (start.TrimStart(" \t\r\n"u8).StartsWith("<"u8))
            return "is a web page: the download failed. Download the file itself.";
        return "is not a PyTorch checkpoint: it does not start like a zip archive. Download or save it again.";
    }
}
