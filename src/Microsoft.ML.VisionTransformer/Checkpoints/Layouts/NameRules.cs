// The rules of a layout: a tensor of the network, the file's tensors that contain it, and name patterns.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>A rule of a layout, used for reading and writing.</summary>
/// <param name="Canonical">Pattern of the network's name, which is timm's.</param>
/// <param name="Parts">The file's tensors, which are concatenated by rows and have equal numbers of rows.</param>
internal sealed record NameRule(string Canonical, params NamePart[] Parts)
{
    /// <summary>Whether the parts are added instead of concatenated. Writing stores zeros in all parts except the first.</summary>
    internal bool Sum { get; init; }

    /// <summary>The MLP kind of this rule if the layout names plain and gated MLPs differently; null for both.</summary>
    internal MlpKind? Mlp { get; init; }

    /// <summary>Whether the file stacks the part of all blocks in one tensor.</summary>
    internal bool IsStacked(NamePart part) => NamePattern.HasBlock(Canonical) && !NamePattern.HasBlock(part.Name);
}

/// <summary>A file's tensor that contains all or part of a network's tensor.</summary>
/// <param name="Name">
/// Pattern of its name. In a rule for blocks, a name without <c>{}</c> is a tensor of all blocks, stacked on a first axis that <paramref name="Axes"/> omits.
/// </param>
/// <param name="Axes">The axis mapping, see <see cref="AxisOrder"/>; empty for the network's axes.</param>
/// <param name="Range">The range of the tensor, in the network's axes. Only <see cref="PartRange.All"/> is allowed if the order of the axes differs.</param>
internal sealed record NamePart(string Name, string Axes = "", PartRange Range = PartRange.All)
{
    /// <summary><see cref="Axes"/>, parsed.</summary>
    internal AxisOrder Order { get; } = AxisOrder.Parse(Axes);
}

/// <summary>
/// The range of a file's tensor that belongs to a tensor of the network, in the network's axes. All ranges are contiguous.
/// </summary>
internal enum PartRange
{
    /// <summary>The whole tensor.</summary>
    All,

    /// <summary>The first third of the rows of a fused query, key and value.</summary>
    QueryRows,

    /// <summary>The last two thirds of these rows.</summary>
    KeyAndValueRows,

    /// <summary>The last third of these rows.</summary>
    ValueRows,

    /// <summary>The first entry of a position table [1, P, D]: the class token's.</summary>
    FirstPosition,

    /// <summary>The other entries of a position table.</summary>
    LaterPositions,
}

/// <summary>Applies a <see cref="PartRange"/> to a shape.</summary>
internal static class PartRanges
{
    /// <summary>Shape of the range, and offset of its first value; null if the range does not apply to the shape.</summary>
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

    /// <summary>The whole tensor's shape for a part of the given shape, for messages. A size that cannot be derived is a word.</summary>
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
/// Patterns of tensor names, in which <c>{}</c> stands for the block index: <c>blocks.{}.norm1.weight</c>. The index has no leading zeros and at most nine
/// digits.
/// </summary>
internal static class NamePattern
{
    /// <summary>The placeholder for the block index.</summary>
    internal const string Block = "{}";

    /// <summary>Longer than any name in a known layout. Longer names are ignored, which limits the cost of malicious names.</summary>
    private const int LongestName = 256;

    private const int MaxDigits = 9;

    /// <summary>Whether a pattern has a block index.</summary>
    internal static bool HasBlock(string pattern) => pattern.Contains(Block, StringComparison.Ordinal);

    /// <summary>Inserts the block index into a pattern.</summary>
    internal static string Fill(string pattern, int? block) =>
        block is { } number ? pattern.Replace(Block, number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) : pattern;

    /// <summary>
    /// All patterns that a name can match: the name itself, and for each number in it the name with that number replaced by the placeholder.
    /// Empty for a name that is too long or contains a brace.
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

/// <summary>Helpers for common rules, such as a module's weight and bias.</summary>
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

    /// <summary>A rule for a single tensor.</summary>
    internal static NameRule Tensor(string canonical, string file, string axes = "") => new(canonical, new NamePart(file, axes));

    /// <summary>Weight and bias of a PyTorch module, or of several whose rows are concatenated.</summary>
    internal static NameRule[] Module(string canonical, params string[] files) =>
    [
        new($"{canonical}.weight", [.. files.Select(file => new NamePart($"{file}.weight"))]),
        new($"{canonical}.bias", [.. files.Select(file => new NamePart($"{file}.bias"))]),
    ];

    /// <summary>Weight and bias of a module for one MLP kind only.</summary>
    internal static NameRule[] Module(MlpKind mlp, string canonical, params string[] files) =>
        [.. Module(canonical, files).Select(rule => rule with { Mlp = mlp })];

    /// <summary>Scale and bias of a Flax LayerNorm.</summary>
    internal static NameRule[] FlaxNorm(string canonical, string file) =>
        [Tensor($"{canonical}.weight", $"{file}/scale"), Tensor($"{canonical}.bias", $"{file}/bias")];

    /// <summary>Kernel and bias of a Flax layer.</summary>
    internal static NameRule[] FlaxLayer(string canonical, string file, string axes = Transposed) =>
        [Tensor($"{canonical}.weight", $"{file}/kernel", axes), Tensor($"{canonical}.bias", $"{file}/bias")];

    /// <summary>Kernel and bias of Flax projections to heads, with concatenated rows.</summary>
    internal static NameRule[] FlaxHeads(string canonical, params string[] files) =>
    [
        new($"{canonical}.weight", [.. files.Select(file => new NamePart($"{file}/kernel", HeadsLast))]),
        new($"{canonical}.bias", [.. files.Select(file => new NamePart($"{file}/bias", HeadsBias))]),
    ];
}
