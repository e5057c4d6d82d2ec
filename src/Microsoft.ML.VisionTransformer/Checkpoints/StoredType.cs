// The number formats that tensors are stored in.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
