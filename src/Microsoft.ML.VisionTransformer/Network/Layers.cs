// The small layers: linear, layer norm, LayerScale, the hidden layer before the head, and the allocation of parameters.
using System.Runtime.InteropServices;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>LayerScale: x gamma, [..., D] to [..., D], gamma [D] (arXiv:2103.17239, section 2).</summary>
internal sealed class LayerScale : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "gamma")] private readonly Parameter _gamma;

    internal LayerScale(int dimension)
        : base(nameof(LayerScale))
    {
        _gamma = UninitializedParameter.Of(dimension);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => x.mul(_gamma);
}

/// <summary>y = x W^T + b, [..., in] to [..., out]. The weights are undefined until they are initialized or loaded.</summary>
internal sealed class LinearLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;

    internal LinearLayer(int inputs, int outputs, bool bias = true)
        : base(nameof(LinearLayer))
    {
        _weight = UninitializedParameter.Of(outputs, inputs);
        _bias = bias ? UninitializedParameter.Of(outputs) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.linear(x, _weight, _bias);
}

/// <summary>
/// (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, [..., D] to [..., D] (arXiv:1607.06450). The variance is
/// the biased one.
/// </summary>
internal sealed class NormLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    private readonly long[] _normalizedShape;
    private readonly double _epsilon;

    internal NormLayer(int dimension, double epsilon)
        : base(nameof(NormLayer))
    {
        _weight = UninitializedParameter.Of(dimension);
        _bias = UninitializedParameter.Of(dimension);
        _normalizedShape = [dimension];
        _epsilon = epsilon;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.layer_norm(x, _normalizedShape, _weight, _bias, _epsilon);
}

/// <summary>tanh(fc(x)), [N, pooled] to [N, representation] (arXiv:2010.11929, section 3.1).</summary>
internal sealed class RepresentationLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "fc")] private readonly LinearLayer _linear;

    internal RepresentationLayer(VisionTransformerArchitecture architecture)
        : base(nameof(RepresentationLayer))
    {
        _linear = new LinearLayer(architecture.PooledDimension, architecture.RepresentationDimension);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var linear = _linear.call(x);
        return linear.tanh();
    }
}

/// <summary>Allocates parameters.</summary>
internal static class UninitializedParameter
{
    /// <summary>A float32 parameter in main memory with undefined values. Only its module owns it; it is detached from any open dispose scope.</summary>
    /// <exception cref="InsufficientMemoryException">The machine does not have enough memory.</exception>
    internal static Parameter Of(params long[] shape)
    {
        var parameter = new Parameter(Allocate(shape));
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>Replaces libtorch's out-of-memory error, which is a native stack trace.</summary>
    private static Tensor Allocate(long[] shape)
    {
        try
        {
            return empty(shape, dtype: ScalarType.Float32, device: CPU);
        }
        catch (ExternalException e)
        {
            throw new InsufficientMemoryException(
                $"A weight of shape [{string.Join(", ", shape)}] needs {shape.Aggregate(4.0, (bytes, size) => bytes * size) / 1e9:F1} GB of memory, " +
                "more than this machine has free. Use a smaller network or a machine with more memory.",
                e);
        }
    }
}
