// An open checkpoint file, the tensors stored in it, and what its configuration says of the network.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats;

/// <summary>An open checkpoint file. Dispose it to close the file.</summary>
internal abstract class CheckpointFile : IDisposable
{
    /// <summary>Path of the opened file, for messages.</summary>
    internal abstract string Path { get; }

    /// <summary>All tensors by their names in the file.</summary>
    internal abstract IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Choices that were made because the file has alternatives, one sentence each.</summary>
    internal virtual IReadOnlyList<string> Notes => [];

    /// <summary>The network that the file itself describes; null if it does not.</summary>
    internal virtual CheckpointDescription? Description => null;

    /// <summary>Whether several threads may read tensors concurrently. Default false.</summary>
    internal virtual bool ReadsInParallel => false;

    public abstract void Dispose();
}

/// <summary>
/// Architecture, preprocessing and class names of a checkpoint, from its metadata, its configuration or its shapes.
/// </summary>
/// <param name="Architecture">The architecture of the stored weights.</param>
/// <param name="Preprocessing">How images are preprocessed for the network.</param>
/// <param name="ClassNames">Class names in the order of the head's outputs; null if the checkpoint does not name them.</param>
/// <param name="Notes">Assumptions, one sentence each; empty if everything is specified.</param>
internal sealed record CheckpointDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    IReadOnlyList<string>? ClassNames,
    IReadOnlyList<string> Notes);

/// <summary>A tensor in a checkpoint file.</summary>
internal abstract class StoredTensor
{
    /// <summary>The tensor's name in the file.</summary>
    internal abstract string Name { get; }

    /// <summary>The data type of the stored values.</summary>
    internal abstract StoredType Type { get; }

    /// <summary>The file format's name of the data type, for messages: <c>I32</c>, <c>&lt;f4</c>.</summary>
    internal abstract string TypeName { get; }

    /// <summary>The shape; empty for a scalar. No size is negative, and the product does not overflow.</summary>
    internal abstract IReadOnlyList<long> Shape { get; }

    /// <summary>Number of values.</summary>
    internal long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Copies the values as float32, row-major. Float64 values are rounded; float16 and bfloat16 values are exact.</summary>
    /// <exception cref="InvalidCheckpointException">The values cannot be read, or are not floating-point values.</exception>
    internal abstract void CopyTo(Span<float> values);
}

/// <summary>The data types of stored tensors.</summary>
internal enum StoredType
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>IEEE 754 binary16.</summary>
    Float16,

    /// <summary>The upper 16 bits of a float32.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,

    /// <summary>An integer or Boolean of any width. Never a weight, but present in some files.</summary>
    Other,
}
