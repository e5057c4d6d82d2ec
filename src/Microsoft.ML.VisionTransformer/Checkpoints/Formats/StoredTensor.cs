// An open checkpoint file of any format.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats;

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

/// <summary>
/// What the configuration beside a checkpoint says of it. The network that a checkpoint's weights belong to, and how its images and classes are made.
/// </summary>
/// <param name="Architecture">The network of the weights as they are stored.</param>
/// <param name="Preprocessing">How its images are prepared.</param>
/// <param name="ClassNames">Names of the head's outputs; null where the checkpoint does not say.</param>
/// <param name="Notes">What had to be assumed, a sentence each; empty where everything was said.</param>
internal sealed record CheckpointDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    IReadOnlyList<string>? ClassNames,
    IReadOnlyList<string> Notes);

/// <summary>A tensor in a file; reading it is left to the format.</summary>
internal abstract class StoredTensor
{
    /// <summary>The tensor's name in the file.</summary>
    internal abstract string Name { get; }

    /// <summary>How its numbers are stored.</summary>
    internal abstract StoredType Type { get; }

    /// <summary>The file's own name of the number format, for messages: <c>I32</c>, <c>&lt;f4</c>.</summary>
    internal abstract string TypeName { get; }

    /// <summary>Sizes; empty for a single number. Checked: none is negative and their product fits.</summary>
    internal abstract IReadOnlyList<long> Shape { get; }

    /// <summary>Number of values.</summary>
    internal long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Writes the values, row-major, as 32-bit floats; wider formats are rounded, narrower ones are exact.</summary>
    /// <exception cref="InvalidCheckpointException">The values cannot be read, or are no floating-point numbers.</exception>
    internal abstract void CopyTo(Span<float> values);
}

/// <summary>The number formats that tensors are stored in.</summary>
internal enum StoredType
{
    /// <summary>32-bit IEEE.</summary>
    Float32,

    /// <summary>16-bit IEEE.</summary>
    Float16,

    /// <summary>The upper half of a Float32.</summary>
    BFloat16,

    /// <summary>64-bit IEEE.</summary>
    Float64,

    /// <summary>A whole number or truth value of any width: no weight, but part of some files.</summary>
    Other,
}
