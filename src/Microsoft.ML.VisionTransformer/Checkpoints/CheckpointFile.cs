// An open checkpoint file of any format.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Names and tensors of a file, which stays open until this is disposed.</summary>
internal abstract class CheckpointFile : IDisposable
{
    /// <summary>What was opened, for messages.</summary>
    internal abstract string Path { get; }

    /// <summary>Every tensor by its name in the file.</summary>
    internal abstract IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    public abstract void Dispose();
}
