// All parameters of a network in one buffer and all gradients in another, so that the optimiser's work is a few operations.
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// Moves the storage of a network's parameters into one flat tensor, those with weight decay first; the parameters become views of it, and
/// their gradients views of another. The network must stay on its device while this exists.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>Tensors that are matrices by their shape but are not decayed, as in timm.</summary>
    private static readonly HashSet<string> _undecayed = ["cls_token", "dist_token", "reg_token", "pos_embed"];

    private readonly Parameter[] _adopted;

    /// <summary>Takes over the storage of the parameters that are trained.</summary>
    internal FlatParameters(nn.Module network)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var all = network.named_parameters().Where(p => p.parameter.requires_grad).ToArray();
        _adopted = [.. all.OrderBy(p => IsDecayed(p.name, p.parameter) ? 0 : 1).Select(p => p.parameter)];
        Decayed = all.Where(p => IsDecayed(p.name, p.parameter)).Sum(p => p.parameter.numel());
        Values = empty(_adopted.Sum(p => p.numel()), device: _adopted[0].device);
        Gradients = zeros_like(Values);
        long offset = 0;
        foreach (var parameter in _adopted)
            offset = Adopt(parameter, offset);

        Values.MoveToOuterDisposeScope();
        Gradients.MoveToOuterDisposeScope();
    }

    /// <summary>Every trained number, [n].</summary>
    internal Tensor Values { get; }

    /// <summary>The gradient of every trained number, [n].</summary>
    internal Tensor Gradients { get; }

    /// <summary>How many numbers, from the start, weight decay applies to.</summary>
    internal long Decayed { get; }

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
