// What all optimisers have in common: flat buffers, a count of steps, and numbers to go on from.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Moves flat parameters along their gradients.</summary>
/// <param name="parameters">Parameters and gradients; stay the caller's.</param>
internal abstract class FlatOptimizer(FlatParameters parameters) : IDisposable
{
    /// <summary>Updates done.</summary>
    internal long Steps { get; set; }

    /// <summary>The numbers that the next update depends on, beside the parameters: each [n], under a name that no other has.</summary>
    internal abstract IReadOnlyList<(string Name, Tensor Values)> State { get; }

    protected FlatParameters Parameters { get; } = parameters;

    /// <summary>One update. What the gradients are afterwards is undefined.</summary>
    /// <param name="rate">The learning rate, before the scales of the groups.</param>
    internal void Step(double rate)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        Steps++;
        Update(rate);
    }

    public abstract void Dispose();

    protected abstract void Update(double rate);

    /// <summary>
    /// A factor as the 32-bit parameters have it. One beyond them becomes infinite, and so do the parameters, which <see cref="TrainingStep.RefuseBrokenWeights"/> finds; libtorch's own
    /// conversion throws an error that names no option.
    /// </summary>
    protected static double Single(double factor) => (float)factor;
}
