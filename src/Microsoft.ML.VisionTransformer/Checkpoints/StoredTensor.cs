// One tensor of a checkpoint file: what the file says of it, and its values when they are asked for.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
