// One weight of a network, made when it is asked for.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>An entry of a network's state dictionary that may lie elsewhere, or in another order, until its values are wanted.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Open">Gives the values, contiguous float32 in main memory, on any thread; the caller disposes the tensor and changes nothing in it.</param>
internal sealed record NamedWeight(string Name, long[] Shape, Func<Tensor> Open)
{
    /// <summary>All of a network's, by name.</summary>
    internal static Dictionary<string, NamedWeight> Of(VisionTransformerNetwork network) => network.state_dict().ToDictionary(t => t.Key, t => Of(t.Key, t.Value));

    /// <summary>One that is a tensor already, which lives at least as long.</summary>
    internal static NamedWeight Of(string name, Tensor tensor) => new(name, tensor.shape, () =>
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().DetachFromDisposeScope();
    });

    /// <summary>As <see cref="Open"/>, for values that are written to a file.</summary>
    /// <exception cref="InvalidOperationException">A value is NaN or infinite.</exception>
    internal Tensor OpenFinite()
    {
        var values = Open();
        if (FiniteValues.FirstFault(MemoryMarshal.Cast<byte, float>(values.bytes)) is not { } fault)
            return values;
        values.Dispose();
        throw new InvalidOperationException(
            $"{Name} has a weight that is {fault}, with which there are no scores: its training broke down. The model is not saved; train again, with a lower LearningRate.");
    }

    /// <summary>A copy of the values, row-major.</summary>
    /// <exception cref="InvalidOperationException">A value is NaN or infinite.</exception>
    internal float[] Values()
    {
        using var values = OpenFinite();
        return values.data<float>().ToArray();
    }
}
