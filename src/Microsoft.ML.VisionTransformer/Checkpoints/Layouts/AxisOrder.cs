// Maps the axes of a tensor in a file to the axes of the network's tensor, and permutes the values.
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>
/// An axis mapping in the form "axes in the file -&gt; axes in the network": <c>in heads width -&gt; (heads width) in</c>. Axes in parentheses are merged
/// into one, and <c>1</c> is an axis of size one that the file does not have. An empty text leaves a tensor unchanged.
/// </summary>
internal sealed class AxisOrder
{
    private readonly string[] _file;
    private readonly string[][] _network;
    private readonly int[] _permutation;

    private AxisOrder(string[] file, string[][] network)
    {
        (_file, _network) = (file, network);
        _permutation = [.. network.SelectMany(group => group).Select(axis => Array.IndexOf(file, axis))];
    }

    /// <summary>Whether the values are in the same order in the file and the network.</summary>
    internal bool KeepsOrder => _permutation.SequenceEqual(Enumerable.Range(0, _permutation.Length));

    /// <summary>Whether order and shape are unchanged.</summary>
    internal bool KeepsShape => _file.Length == 0;

    /// <param name="text">The mapping; every name on the left side occurs exactly once on the right.</param>
    internal static AxisOrder Parse(string text)
    {
        if (text.Length == 0)
            return new AxisOrder([], []);
        string[] sides = text.Split("->", StringSplitOptions.TrimEntries);
        string[] file = sides[0].Split(' ');
        return new AxisOrder(file, Groups(sides[1]));
    }

    /// <summary>Converts a shape in the file to the network's shape; null if the number of axes differs.</summary>
    internal long[]? ToNetwork(IReadOnlyList<long> file)
    {
        if (KeepsShape)
            return [.. file];
        return file.Count == _file.Length
            ? [.. _network.Select(group => group.Aggregate(1L, (product, axis) => checked(product * file[Array.IndexOf(_file, axis)])))]
            : null;
    }

    /// <summary>Converts a shape in the network to the file's shape; null if merged axes cannot be separated.</summary>
    internal long[]? ToFile(IReadOnlyList<long> network)
    {
        if (KeepsShape)
            return [.. network];
        if (network.Count != _network.Length || _network.Any(group => group.Length > 1))
            return null;
        return [.. _file.Select(axis => network[Array.FindIndex(_network, group => group.Contains(axis))])];
    }

    /// <summary>
    /// The file's shape, for messages: <c>[16, 3]</c>, or <c>[16, heads, width] with heads * width = 192</c> if merged axes cannot be separated.
    /// </summary>
    /// <param name="network">Sizes in the network; a name such as <c>positions</c> for an unknown size.</param>
    internal string Describe(IReadOnlyList<string> network)
    {
        if (KeepsShape || network.Count != _network.Length)
            return $"[{string.Join(", ", network)}]";
        var sizes = _file.Select(axis => Array.FindIndex(_network, group => group.Contains(axis)) is var at && _network[at].Length == 1 ? network[at] : axis);
        var joined = _network.Zip(network).Where(pair => pair.First.Length > 1).Select(pair => $"{string.Join(" * ", pair.First)} = {pair.Second}");
        return $"[{string.Join(", ", sizes)}]" + (joined.Any() ? $" with {string.Join(", ", joined)}" : "");
    }

    /// <summary>Size of a named axis in the file; null if there is no such axis or the number of axes differs.</summary>
    internal long? Size(string axis, IReadOnlyList<long> file) =>
        Array.IndexOf(_file, axis) is >= 0 and int at && file.Count == _file.Length ? file[at] : null;

    /// <summary>Writes the file's values in the network's order.</summary>
    internal void ToNetwork(ReadOnlySpan<float> values, IReadOnlyList<long> fileShape, Span<float> network)
    {
        if (KeepsOrder)
            values.CopyTo(network);
        else
            PermutedCopy.Copy(values, [.. fileShape.Select(size => checked((int)size))], _permutation, network);
    }

    /// <summary>Writes the network's values in the file's order.</summary>
    internal void ToFile(ReadOnlySpan<float> values, IReadOnlyList<long> fileShape, Span<float> file)
    {
        int[] sizes = [.. _permutation.Select(axis => checked((int)fileShape[axis]))];
        int[] back = [.. Enumerable.Range(0, _permutation.Length).Select(axis => Array.IndexOf(_permutation, axis))];
        if (KeepsOrder)
            values.CopyTo(file);
        else
            PermutedCopy.Copy(values, sizes, back, file);
    }

    private static string[][] Groups(string text)
    {
        var groups = new List<string[]>();
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == ' ')
                continue;
            bool joined = text[at] == '(';
            int end = text.IndexOf(joined ? ')' : ' ', at);
            string group = text[(joined ? at + 1 : at)..(end < 0 ? text.Length : end)];
            groups.Add(group == "1" ? [] : group.Split(' '));
            at = end < 0 ? text.Length : end;
        }

        return [.. groups];
    }
}

/// <summary>Copies values while permuting the axes of a tensor.</summary>
internal static class PermutedCopy
{
    /// <summary>Tile size for transposing a matrix; the source and target of one tile fit in the L1 cache.</summary>
    private const int Tile = 32;

    /// <summary>Writes the tensor whose axis i is axis <paramref name="permutation"/>[i] of the source.</summary>
    /// <param name="source">The source values, row-major.</param>
    /// <param name="sizes">The source's shape.</param>
    /// <param name="permutation">Each axis of the source exactly once.</param>
    /// <param name="target">Receives the values, row-major; same length as the source.</param>
    internal static void Copy(ReadOnlySpan<float> source, ReadOnlySpan<int> sizes, ReadOnlySpan<int> permutation, Span<float> target)
    {
        if (source.IsEmpty)
            return;
        var axes = Merge(sizes, permutation);
        if (axes.Count == 2)
            Transpose(source, axes[1].Size, axes[0].Size, target);
        else
            CopyAxes(source, axes, target);
    }

    /// <summary>Size and source stride of each target axis. Axes that are adjacent in both tensors are merged.</summary>
    private static List<(int Size, int Stride)> Merge(ReadOnlySpan<int> sizes, ReadOnlySpan<int> permutation)
    {
        int[] strides = new int[sizes.Length];
        for (int axis = sizes.Length - 1, stride = 1; axis >= 0; stride *= sizes[axis], axis--)
            strides[axis] = stride;
        var merged = new List<(int Size, int Stride)>();
        foreach (int axis in permutation)
        {
            var (size, stride) = (sizes[axis], strides[axis]);
            if (merged.Count > 0 && merged[^1].Stride == stride * size)
                merged[^1] = (merged[^1].Size * size, stride);
            else
                merged.Add((size, stride));
        }

        return merged;
    }

    /// <summary>Transposes [rows, columns] to [columns, rows].</summary>
    private static void Transpose(ReadOnlySpan<float> source, int rows, int columns, Span<float> target)
    {
        for (int row = 0; row < rows; row += Tile)
        {
            for (int column = 0; column < columns; column += Tile)
                TransposeTile(source, rows, columns, row, column, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // tiered compilation would be too late: a large file is read in few calls
    private static void TransposeTile(ReadOnlySpan<float> source, int rows, int columns, int row, int column, Span<float> target)
    {
        int lastRow = Math.Min(rows, row + Tile), lastColumn = Math.Min(columns, column + Tile);
        for (int c = column; c < lastColumn; c++)
        {
            var written = target.Slice(c * rows + row, lastRow - row);
            int read = row * columns + c;
            for (int r = 0; r < written.Length; r++, read += columns)
                written[r] = source[read];
        }
    }

    private static void CopyAxes(ReadOnlySpan<float> source, List<(int Size, int Stride)> axes, Span<float> target)
    {
        int[] index = new int[axes.Count];
        var (width, step) = axes[^1];
        for (int start = 0, written = 0; written < target.Length;)
        {
            for (int i = 0; i < width; i++)
                target[written++] = source[start + i * step];
            for (int axis = axes.Count - 2; axis >= 0; axis--)
            {
                start += axes[axis].Stride;
                if (++index[axis] < axes[axis].Size)
                    break;
                start -= axes[axis].Stride * axes[axis].Size;
                index[axis] = 0;
            }
        }
    }
}
