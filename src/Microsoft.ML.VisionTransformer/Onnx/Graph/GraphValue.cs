// An input or output of a graph.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>Name, type and shape of a value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its numbers.</param>
/// <param name="Shape">Its sizes: each a number, or the name of one that a run chooses.</param>
internal sealed record GraphValue(string Name, OnnxType Type, IReadOnlyList<GraphSize> Shape);

/// <summary>A size that is fixed, or is named.</summary>
internal readonly record struct GraphSize(long Value, string? Name)
{
    public static implicit operator GraphSize(long value) => new(value, null);

    public static implicit operator GraphSize(string name) => new(0, name);
}
