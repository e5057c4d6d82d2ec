// One tensor of a file that a tensor of the network is made of.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Where a tensor of the network, or a part of it, lies in the file.</summary>
/// <param name="Name">
/// Pattern of its name. Without <c>{}</c> in a rule for blocks it is the tensor of all blocks, stacked on a first axis that <paramref name="Axes"/> leaves out.
/// </param>
/// <param name="Axes">The order of its axes, see <see cref="AxisOrder"/>; empty where it is the network's.</param>
/// <param name="Range">The share of it that is meant, counted in the network's axes; not all of it only where the order of the axes is the network's.</param>
internal sealed record NamePart(string Name, string Axes = "", PartRange Range = PartRange.All)
{
    /// <summary><see cref="Axes"/>, parsed.</summary>
    internal AxisOrder Order { get; } = AxisOrder.Parse(Axes);
}
