// A tensor as a pickle describes it: a view of a storage.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Storage">Where its values are.</param>
/// <param name="Offset">Index of its first value.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Strides">Values from one index to the next, for each dimension.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides)
{
    /// <summary>PyTorch's own limit.</summary>
    private const int MostDimensions = 64;

    /// <summary>Reads the arguments of <c>_rebuild_tensor_v2</c>: storage, offset, sizes, strides, and what is of no use here.</summary>
    /// <exception cref="InvalidCheckpointException">They are something else.</exception>
    internal static PickledTensor From(PickleTuple arguments, PickleBytes bytes) =>
        arguments.Items is [PickledStorage storage, long and >= 0 and var offset, PickleTuple shape, PickleTuple strides, bool, ..]
            && arguments.Items.Count <= 7 && shape.Items.Count == strides.Items.Count
            ? new PickledTensor(storage, offset, Sizes(shape, bytes), Sizes(strides, bytes))
            : throw bytes.Fail("a tensor is not described by a storage, an offset, sizes and strides");

    private static long[] Sizes(PickleTuple sizes, PickleBytes bytes)
    {
        if (sizes.Items.Count > MostDimensions)
            throw bytes.Fail($"a tensor has {sizes.Items.Count} dimensions, {MostDimensions} are the most");
        return [.. sizes.Items.Select(s => s is long and >= 0 and var size ? size : throw bytes.Fail("a tensor's size or stride is no whole number from 0"))];
    }
}
