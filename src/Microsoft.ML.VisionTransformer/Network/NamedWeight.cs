// One weight of a network, materialized on demand.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>An entry of a network's state dictionary whose values may be stored elsewhere, or in another order, until they are needed.</summary>
/// <param name="Name">Name of the weight.</param>
/// <param name="Shape">Shape of the weight.</param>
/// <param name="Open">
/// Returns the values, contiguous float32 in main memory, on any thread. The caller disposes the tensor and must not change it.
/// </param>
internal sealed record NamedWeight(string Name, long[] Shape, Func<Tensor> Open)
{
    /// <summary>All weights of a network, by name.</summary>
    internal static Dictionary<string, NamedWeight> Of(VisionTransformerNetwork network) =>
        network.state_dict().ToDictionary(t => t.Key, t => Of(t.Key, t.Value));

    /// <summary>A weight backed by a tensor, which must live at least as long.</summary>
    internal static NamedWeight Of(string name, Tensor tensor) => new(name, tensor.shape, () =>
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().DetachFromDisposeScope();
    });

    /// <summary>As <see cref="Open"/>, for values to be written to a file.</summary>
    /// <exception cref="InvalidOperationException">A value is NaN or infinite.</exception>
    internal Tensor OpenFinite()
    {
        var values = Open();
        if (FiniteValues.FirstFault(MemoryMarshal.Cast<byte, float>(values.bytes)) is not { } fault)
            return values;
        values.Dispose();
        throw new InvalidOperationException(
            $"{Name} has a weight that is {fault}: training diverged, and the model cannot compute scores. "
            + "The model was not saved. Train again with a lower LearningRate.");
    }

    /// <summary>A copy of the values, row-major.</summary>
    /// <exception cref="InvalidOperationException">A value is NaN or infinite.</exception>
    internal float[] Values()
    {
        using var values = OpenFinite();
        return values.data<float>().ToArray();
    }
}
