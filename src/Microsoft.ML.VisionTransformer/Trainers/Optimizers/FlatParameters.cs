// All parameters of a network in one buffer and all gradients in another, so that the optimiser's work is a few operations.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

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
    internal FlatParameters(nn.Module network, LayerRates? rates = null)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var groups = network.named_parameters()
            .Where(p => p.parameter.requires_grad)
            .GroupBy(p => (Scale: (rates ?? LayerRates.Even).ScaleOf(p.name), Decays: IsDecayed(p.name, p.parameter)))
            .OrderByDescending(group => group.Key)
            .ToArray();
        _adopted = [.. groups.SelectMany(group => group.Select(p => p.parameter))];
        Values = empty(_adopted.Sum(p => p.numel()), dtype: _adopted[0].dtype, device: _adopted[0].device);
        Gradients = zeros_like(Values);
        long offset = 0;
        var runs = new List<ParameterGroup>();
        var layout = new List<ParameterPlace>();
        foreach (var group in groups)
        {
            long start = offset;
            foreach (var (name, parameter) in group)
            {
                layout.Add(new ParameterPlace(name, offset, parameter.numel()));
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
    internal IReadOnlyList<ParameterPlace> Layout { get; }

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
