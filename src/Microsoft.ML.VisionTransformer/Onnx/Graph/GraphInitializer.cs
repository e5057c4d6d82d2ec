// A constant tensor of a graph.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>A weight or another constant. Its bytes are made when they are written and not kept, so that a graph holds no copy of the weights.</summary>
/// <param name="Name">Name of the value.</param>
/// <param name="Type">Its numbers.</param>
/// <param name="Shape">Its sizes; empty for a single number.</param>
/// <param name="Bytes">The values, row-major and little-endian.</param>
internal sealed record GraphInitializer(string Name, OnnxType Type, long[] Shape, Func<ReadOnlyMemory<byte>> Bytes)
{
    /// <summary>Number of bytes.</summary>
    internal long Length => Shape.Aggregate(1L, (product, size) => checked(product * size)) * Type.Width();
}
