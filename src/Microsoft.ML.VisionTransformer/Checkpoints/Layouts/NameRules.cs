// The rows of a layout's table: a tensor of the network, and the tensors of a file that it is made of.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>A row of a layout's table, read in both directions.</summary>
/// <param name="Canonical">Pattern of the network's name, which is timm's.</param>
/// <param name="Parts">The file's tensors, equal shares of the rows from top to bottom.</param>
internal sealed record NameRule(string Canonical, params NamePart[] Parts)
{
    /// <summary>The parts are added, not joined; writing leaves zeros in all but the first.</summary>
    internal bool Sum { get; init; }

    /// <summary>The MLP this row is for, where a layout names plain and gated ones differently; null where it is for both.</summary>
    internal MlpKind? Mlp { get; init; }

    /// <summary>Whether the file has all blocks of that part in one tensor.</summary>
    internal bool IsStacked(NamePart part) => NamePattern.HasBlock(Canonical) && !NamePattern.HasBlock(part.Name);
}

/// <summary>One tensor of a file that a tensor of the network is made of. Where a tensor of the network, or a part of it, lies in the file.</summary>
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

/// <summary>
/// Which values of a file's tensor belong to a tensor of the network. A share of a tensor, counted in the network's axes. All of them are one run of values.
/// </summary>
internal enum PartRange
{
    /// <summary>The whole tensor.</summary>
    All,

    /// <summary>The first third of the rows of a joined query, key and value.</summary>
    QueryRows,

    /// <summary>The last two thirds of them.</summary>
    KeyAndValueRows,

    /// <summary>The last third of them.</summary>
    ValueRows,

    /// <summary>The first entry of a position table [1, P, D]: the class token's.</summary>
    FirstPosition,

    /// <summary>Its other entries.</summary>
    LaterPositions,
}

/// <summary>What a <see cref="PartRange"/> means for a shape.</summary>
internal static class PartRanges
{
    /// <summary>Shape of the share, and where it begins among the values of the whole; null where the whole has no such share.</summary>
    internal static (long[] Shape, long Begin)? Of(this PartRange range, long[] whole)
    {
        bool positions = range is PartRange.FirstPosition or PartRange.LaterPositions;
        if (range == PartRange.All)
            return (whole, 0);
        if (positions ? whole.Length != 3 || whole[0] != 1 || whole[1] < 1 : whole.Length < 1 || whole[0] % 3 != 0)
            return null;
        int axis = positions ? 1 : 0;
        var (from, to) = range switch
        {
            PartRange.QueryRows => (0, whole[0] / 3),
            PartRange.KeyAndValueRows => (whole[0] / 3, whole[0]),
            PartRange.ValueRows => (whole[0] / 3 * 2, whole[0]),
            PartRange.FirstPosition => (0, 1),
            _ => (1, whole[1]),
        };
        long[] shape = [.. whole];
        shape[axis] = to - from;
        return (shape, from * whole.Skip(axis + 1).Aggregate(1L, (product, size) => product * size));
    }

    /// <summary>The whole that has such a share, for messages: a size that the share does not say is a word.</summary>
    internal static string[] DescribeWhole(this PartRange range, long[] partShape)
    {
        string[] sizes = [.. partShape.Select(Text)];
        if (sizes.Length > 0 && range is PartRange.QueryRows or PartRange.ValueRows)
            sizes[0] = Text(partShape[0] * 3);
        if (sizes.Length > 0 && range is PartRange.KeyAndValueRows)
            sizes[0] = Text(partShape[0] / 2 * 3);
        if (sizes.Length > 1 && range is PartRange.LaterPositions)
            sizes[1] = Text(partShape[1] + 1);
        if (sizes.Length > 1 && range is PartRange.FirstPosition)
            sizes[1] = "positions";
        return sizes;
    }

    private static string Text(long size) => size.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Tensor names with the block's number taken out.
/// A pattern is a tensor's name in which <c>{}</c> stands for the number of a block: <c>blocks.{}.norm1.weight</c>. The number is written without leading
/// zeros and has at most nine digits.
/// </summary>
internal static class NamePattern
{
    /// <summary>Stands for the block's number.</summary>
    internal const string Block = "{}";

    /// <summary>No name of a known layout comes near; longer ones are not looked at, so that a hostile name costs nothing.</summary>
    private const int LongestName = 256;

    private const int MaxDigits = 9;

    /// <summary>Whether a pattern has a place for the block's number.</summary>
    internal static bool HasBlock(string pattern) => pattern.Contains(Block, StringComparison.Ordinal);

    /// <summary>The name of that block's tensor.</summary>
    internal static string Fill(string pattern, int? block) =>
        block is { } number ? pattern.Replace(Block, number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) : pattern;

    /// <summary>
    /// Every pattern that a name may be an instance of: the name itself, and once for each number in it the name with that number taken out.
    /// Empty for a name that is longer than any known one or contains a brace.
    /// </summary>
    internal static IEnumerable<(string Pattern, int? Block)> Readings(string name)
    {
        if (name.Length > LongestName || name.Contains('{', StringComparison.Ordinal))
            yield break;
        yield return (name, null);
        for (int start = 0; start < name.Length; start++)
        {
            int end = start;
            while (end < name.Length && char.IsAsciiDigit(name[end]))
                end++;
            bool plain = end - start is 1 || (end - start is > 1 and <= MaxDigits && name[start] != '0');
            if (plain)
            {
                int block = int.Parse(name.AsSpan(start, end - start), CultureInfo.InvariantCulture);
                yield return (string.Concat(name.AsSpan(0, start), Block, name.AsSpan(end)), block);
            }

            start = end;
        }
    }
}

/// <summary>Shorthand for the rows that layouts have in common: a module's weight and bias.</summary>
internal static class NameRules
{
    /// <summary>Kernel of a Flax Dense layer.</summary>
    internal const string Transposed = "in out -> out in";

    /// <summary>Kernel of a Flax projection to heads.</summary>
    internal const string HeadsLast = "in heads width -> (heads width) in";

    /// <summary>Bias of a Flax projection to heads.</summary>
    internal const string HeadsBias = "heads width -> (heads width)";

    /// <summary>Kernel of a Flax projection from heads.</summary>
    internal const string HeadsFirst = "heads width out -> out (heads width)";

    /// <summary>Kernel of a Flax convolution.</summary>
    internal const string ConvolutionLast = "rows columns in out -> out in rows columns";

    /// <summary>The network's name and the file's, values as they are.</summary>
    internal static NameRule Tensor(string canonical, string file, string axes = "") => new(canonical, new NamePart(file, axes));

    /// <summary>weight and bias of a PyTorch module, or of several whose rows are joined.</summary>
    internal static NameRule[] Module(string canonical, params string[] files) =>
    [
        new($"{canonical}.weight", [.. files.Select(file => new NamePart($"{file}.weight"))]),
        new($"{canonical}.bias", [.. files.Select(file => new NamePart($"{file}.bias"))]),
    ];

    /// <summary>The same for a module of one kind of MLP alone.</summary>
    internal static NameRule[] Module(MlpKind mlp, string canonical, params string[] files) =>
        [.. Module(canonical, files).Select(rule => rule with { Mlp = mlp })];

    /// <summary>scale and bias of a Flax LayerNorm.</summary>
    internal static NameRule[] FlaxNorm(string canonical, string file) =>
        [Tensor($"{canonical}.weight", $"{file}/scale"), Tensor($"{canonical}.bias", $"{file}/bias")];

    /// <summary>kernel and bias of a Flax layer.</summary>
    internal static NameRule[] FlaxLayer(string canonical, string file, string axes = Transposed) =>
        [Tensor($"{canonical}.weight", $"{file}/kernel", axes), Tensor($"{canonical}.bias", $"{file}/bias")];

    /// <summary>kernel and bias of Flax projections to heads, rows joined.</summary>
    internal static NameRule[] FlaxHeads(string canonical, params string[] files) =>
    [
        new($"{canonical}.weight", [.. files.Select(file => new NamePart($"{file}/kernel", HeadsLast))]),
        new($"{canonical}.bias", [.. files.Select(file => new NamePart($"{file}/bias", HeadsBias))]),
    ];
}
