// A checkpoint written by PyTorch's torch.save.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// A <c>.pth</c>, <c>.pt</c> or <c>.bin</c> file in PyTorch's zip format, see <see cref="PthArchive"/>. Its pickle is read by <see cref="PickleMachine"/>,
/// which can build tensors, dicts, lists, tuples, texts and numbers and nothing else: no file can run code.
/// </summary>
internal sealed class PthCheckpoint : CheckpointFile
{
    private readonly PthArchive _archive;

    private PthCheckpoint(string path, PthArchive archive)
    {
        var found = PthStateDict.Find(PickleMachine.Run(archive.ReadPickle(), path), archive);
        (Path, StateDictKey, _archive) = (path, found.Key, archive);
        Notes = found.Passed.Count == 0 ? [] : [$"The weights are those under {found.Key}; {string.Join(" and ", found.Passed)} beside it was left."];
        Tensors = found.Tensors.ToDictionary(t => t.Key, StoredTensor (t) => new PthTensor(archive, t.Key, t.Value));
    }

    internal override string Path { get; }

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    internal override IReadOnlyList<string> Notes { get; }

    /// <summary>The entry the weights were under, such as <c>model</c>; null where the file is a plain state dict.</summary>
    internal string? StateDictKey { get; }

    /// <summary>Opens a checkpoint and checks that every tensor lies inside its storage.</summary>
    /// <exception cref="InvalidCheckpointException">
    /// The file is missing, broken, in PyTorch's old format, asks for more than tensors, or holds no tensors that have names.
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
            throw new InvalidCheckpointException($"{path} cannot be opened: {e.Message.TrimEnd('.')}. Correct the path or the rights to the file.", e);
        }
    }
}
