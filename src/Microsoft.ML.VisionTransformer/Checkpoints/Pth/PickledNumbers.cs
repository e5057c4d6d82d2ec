// The number formats of PyTorch's storages.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Name">PyTorch's storage type, without its module.</param>
/// <param name="Type">The format it stands for.</param>
/// <param name="Width">Bytes per value.</param>
internal sealed record PickledNumbers(string Name, StoredType Type, int Width)
{
    internal static readonly IReadOnlyList<PickledNumbers> All =
    [
        new("FloatStorage", StoredType.Float32, 4),
        new("HalfStorage", StoredType.Float16, 2),
        new("BFloat16Storage", StoredType.BFloat16, 2),
        new("DoubleStorage", StoredType.Float64, 8),
        new("LongStorage", StoredType.Other, 8),
        new("IntStorage", StoredType.Other, 4),
        new("ShortStorage", StoredType.Other, 2),
        new("CharStorage", StoredType.Other, 1),
        new("ByteStorage", StoredType.Other, 1),
        new("BoolStorage", StoredType.Other, 1),
    ];
}
