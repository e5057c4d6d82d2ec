// An open checkpoint file of any format.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Names and tensors of a file, which stays open until this is disposed.</summary>
internal abstract class CheckpointFile : IDisposable
{
    /// <summary>What was opened, for messages.</summary>
    internal abstract string Path { get; }

    /// <summary>Every tensor by its name in the file.</summary>
    internal abstract IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>What was chosen where the file offers more than one, a sentence each.</summary>
    internal virtual IReadOnlyList<string> Notes => [];

    /// <summary>The network that the file itself says it is of; null where it does not.</summary>
    internal virtual CheckpointDescription? Description => null;

    /// <summary>Whether several threads may read tensors at once. Default false.</summary>
    internal virtual bool ReadsInParallel => false;

    public abstract void Dispose();
}
