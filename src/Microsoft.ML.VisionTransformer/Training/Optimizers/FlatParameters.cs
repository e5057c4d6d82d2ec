// All parameters of a network in one buffer and all gradients in another, so that the optimiser's work is a few operations.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// Moves the storage of a network's parameters into one flat tensor, those that the optimiser treats alike side by side; the parameters become views of it,
/// and their gradients views of another. The network must stay on its device while this exists.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>Tensors that are matrices by their shape but are not decayed, as in timm.</summary>
    private static readonly HashSet<string> _undecayed = ["cls_token", "dist_token", "reg_token", "pos_embed"];

    private readonly Parameter[] _adopted;

    /// <summary>Takes over the storage of the parameters that are trained.</summary>
    /// <param name="network">Owns the parameters.</param>
    /// <param name="rates">How much of the learning rate each gets; null gives all the same.</param>
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
        var runs = new List<ParameterGroup>();
        var layout = new List<ParameterRange>();
        foreach (var group in groups)
        {
            long start = offset;
            foreach (var (name, parameter) in group)
            {
                layout.Add(new ParameterRange(name, offset, parameter.numel()));
                offset = Adopt(parameter, offset);
            }

            runs.Add(new ParameterGroup(start, offset - start, group.Key.Scale, group.Key.Decays));
        }

        (Groups, Layout) = (runs, layout);

        Values.MoveToOuterDisposeScope();
        Gradients.MoveToOuterDisposeScope();
    }

    /// <summary>Every trained number, [n].</summary>
    internal Tensor Values { get; }

    /// <summary>The gradient of every trained number, [n].</summary>
    internal Tensor Gradients { get; }

    /// <summary>Where each parameter lies, in order.</summary>
    internal IReadOnlyList<ParameterRange> Layout { get; }

    /// <summary>Runs that are treated alike; together they are all of the numbers.</summary>
    internal IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>Scales the gradients down to an L2 norm of <paramref name="most"/> where it is larger, by most / (norm + 1e-6) as PyTorch does; returns the norm before.</summary>
    internal double ClipGradients(double most)
    {
        using var scope = NewDisposeScope();
        double norm = Gradients.norm().to(ScalarType.Float32).item<float>();
        double factor = most / (norm + 1e-6);
        if (factor < 1)
            Gradients.TimesInPlace(factor);
        return norm;
    }

    /// <summary>Puts other numbers in the place of the parameters' while something is done.</summary>
    /// <param name="others">[n]; as it was afterwards.</param>
    /// <param name="work">What is done.</param>
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

    /// <summary>Ends the training: the parameters keep their values and let go of their gradients.</summary>
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

/// <summary>Numbers from <paramref name="Start"/> on.</summary>
/// <param name="Start">The first one.</param>
/// <param name="Length">How many.</param>
/// <param name="RateScale">Factor of the learning rate.</param>
/// <param name="Decays">Whether weight decay applies.</param>
internal readonly record struct ParameterGroup(long Start, long Length, double RateScale, bool Decays);

/// <param name="Name">Its name in the network.</param>
/// <param name="Start">Its first number.</param>
/// <param name="Length">How many it has.</param>
internal readonly record struct ParameterRange(string Name, long Start, long Length);

/// <summary>Views of the numbers of one group, in buffers that are laid out as the flat parameters are.</summary>
internal sealed class GroupView : IDisposable
{
    private readonly Tensor[] _parts;

    /// <param name="group">The group.</param>
    /// <param name="buffers">The buffers; stay the caller's.</param>
    internal GroupView(ParameterGroup group, params ReadOnlySpan<Tensor> buffers)
    {
        Group = group;
        _parts = new Tensor[buffers.Length];
        for (int i = 0; i < buffers.Length; i++)
            _parts[i] = buffers[i].narrow(0, group.Start, group.Length).DetachFromDisposeScope();
    }

    internal ParameterGroup Group { get; }

    /// <summary>The group's part of the buffer of that number.</summary>
    internal Tensor this[int buffer] => _parts[buffer];

    public void Dispose()
    {
        foreach (var part in _parts)
            part.Dispose();
    }
}
