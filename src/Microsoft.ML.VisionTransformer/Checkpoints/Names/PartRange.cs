// Which values of a file's tensor belong to a tensor of the network.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A share of a tensor, counted in the network's axes. All of them are one run of values.</summary>
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
    internal static string[] DescribeWhole(this PartRange range, long[] share)
    {
        string[] sizes = [.. share.Select(Text)];
        if (sizes.Length > 0 && range is PartRange.QueryRows or PartRange.ValueRows)
            sizes[0] = Text(share[0] * 3);
        if (sizes.Length > 0 && range is PartRange.KeyAndValueRows)
            sizes[0] = Text(share[0] / 2 * 3);
        if (sizes.Length > 1 && range is PartRange.LaterPositions)
            sizes[1] = Text(share[1] + 1);
        if (sizes.Length > 1 && range is PartRange.FirstPosition)
            sizes[1] = "positions";
        return sizes;
    }

    private static string Text(long size) => size.ToString(CultureInfo.InvariantCulture);
}
