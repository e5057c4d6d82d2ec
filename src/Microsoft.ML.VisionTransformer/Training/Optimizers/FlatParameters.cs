// All parameters of a network in one buffer and all gradients in another: the optimizer then needs only a few operations.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// Moves the storage of a network's parameters into one flat tensor, with parameters of the same optimizer settings next to each other; the
/// parameters become views of it, and their gradients views of a second tensor. The network must stay on its device while this object exists.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>Tensors that are matrices by their shape but are not decayed, as in timm.</summary>
    private static readonly HashSet<string> _undecayed = ["cls_token", "dist_token", "reg_token", "pos_embed"];

    private readonly Parameter[] _adopted;

    /// <summary>Takes over the storage of the trained parameters.</summary>
    /// <param name="network">Owns the parameters.</param>
    /// <param name="rates">Learning rate scale of each parameter; null for the same rate for all.</param>
    internal FlatParameters(nn.Module network, LayerDecay? rates = null)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var groups = network.named_parameters()
            .Where(p => p.parameter.requires_grad)
            .GroupBy(p => (Scale: (rates ?? LayerDecay.Even).ScaleOf(p.name), Decays: IsDecayed(p.name, p.parameter)))
            .OrderByDescending(group => group.Key)
            .ToArray();
        _adopted = [.. groups.SelectMany(group => group.Select(p => p.parameter))];
        Values = empty(_adopted.Sum(p => p.numel()), dtype: _adopted[0].dtype, device: _adopted[0].device);
        Gradients = zeros_like(Values);
        long offset = 0;
        var ranges = new List<ParameterGroup>();
        var layout = new List<ParameterRange>();
        foreach (var group in groups)
        {
            long start = offset;
            foreach (var (name, parameter) in group)
            {
                layout.Add(new ParameterRange(name, offset, parameter.numel()));
                offset = Adopt(parameter, offset);
            }

            ranges.Add(new ParameterGroup(start, offset - start, group.Key.Scale, group.Key.Decays));
        }

        (Groups, Layout) = (ranges, layout);

        Values.MoveToOuterDisposeScope();
        Gradients.MoveToOuterDisposeScope();
    }

    /// <summary>The values of all trained parameters, [n].</summary>
    internal Tensor Values { get; }

    /// <summary>The gradients of all trained parameters, [n].</summary>
    internal Tensor Gradients { get; }

    /// <summary>The range of each parameter, in order.</summary>
    internal IReadOnlyList<ParameterRange> Layout { get; }

    /// <summary>Ranges with the same optimizer settings; together they cover all values.</summary>
    internal IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>
    /// Scales the gradients down to an L2 norm of <paramref name="most"/> where it is larger, by most / (norm + 1e-6) as PyTorch does; returns the
    /// norm before.
    /// </summary>
    internal double ClipGradients(double most)
    {
        using var scope = NewDisposeScope();
        double norm = Gradients.norm().to(ScalarType.Float32).item<float>();
        double factor = most / (norm + 1e-6);
        if (factor < 1)
            Gradients.TimesInPlace(factor);
        return norm;
    }

    /// <summary>Runs <paramref name="work"/> with other values in the parameters, then restores the parameters.</summary>
    /// <param name="others">[n]; not changed.</param>
    /// <param name="work">Runs with these values.</param>
    /// <returns>The result of <paramref name="work"/>.</returns>
    internal T With<T>(Tensor others, Func<T> work)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var own = Values.clone();
        Values.copy_(others);
        try
        {
            return work();
        }
        finally
        {
            Values.copy_(own);
        }
    }

    /// <summary>Ends the training: the parameters keep their values; their gradients are released.</summary>
    public void Dispose()
    {
        foreach (var parameter in _adopted)
            parameter.grad = null;
        Values.Dispose();
        Gradients.Dispose();
    }

    private long Adopt(Parameter parameter, long offset)
    {
        long[] shape = parameter.shape;
        long count = parameter.numel();
        var view = Values.narrow(0, offset, count).view(shape);
        view.copy_(parameter);
        parameter.set_(view);
        parameter.grad = Gradients.narrow(0, offset, count).view(shape);
        return offset + count;
    }

    private static bool IsDecayed(string name, Tensor parameter) => parameter.dim() > 1 && !_undecayed.Contains(name);
}

/// <summary>A range of flat parameters with the same optimizer settings.</summary>
/// <param name="Start">Offset of the first value.</param>
/// <param name="Length">Number of values.</param>
/// <param name="RateScale">Factor of the learning rate.</param>
/// <param name="Decays">Whether weight decay applies.</param>
internal readonly record struct ParameterGroup(long Start, long Length, double RateScale, bool Decays);

/// <summary>The range of one parameter in the flat buffer.</summary>
/// <param name="Name">Name in the network.</param>
/// <param name="Start">Offset of the first value.</param>
/// <param name="Length">Number of values.</param>
internal readonly record struct ParameterRange(string Name, long Start, long Length);

/// <summary>Views of one group's range in buffers with the layout of the flat parameters.</summary>
internal sealed class GroupView : IDisposable
{
    private readonly Tensor[] _views;

    /// <param name="group">The group.</param>
    /// <param name="buffers">The buffers; owned by the caller.</param>
    internal GroupView(ParameterGroup group, params ReadOnlySpan<Tensor> buffers)
    {
        Group = group;
        _views = new Tensor[buffers.Length];
        for (int i = 0; i < buffers.Length; i++)
            _views[i] = buffers[i].narrow(0, group.Start, group.Length).DetachFromDisposeScope();
    }

    internal ParameterGroup Group { get; }

    /// <summary>The group's view of a buffer, by the index of the buffer.</summary>
    internal Tensor this[int buffer] => _views[buffer];

    public void Dispose()
    {
        foreach (var view in _views)
            view.Dispose();
    }
}
