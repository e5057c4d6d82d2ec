// Copies values while exchanging the axes of a tensor.
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class PermutedCopy
{
    /// <summary>Side of the squares a matrix is transposed in: source and target of one stay in the first-level cache.</summary>
    private const int Tile = 32;

    /// <summary>Writes, row-major, the tensor whose axis i is axis <paramref name="permutation"/>[i] of the source.</summary>
    /// <param name="source">Row-major values.</param>
    /// <param name="sizes">Sizes of the source's axes.</param>
    /// <param name="permutation">Every axis of the source once.</param>
    /// <param name="target">As many values.</param>
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

    /// <summary>Size and source stride of each axis of the target; axes that lie side by side in both are one.</summary>
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

    /// <summary>A source of [rows, columns] as [columns, rows].</summary>
    private static void Transpose(ReadOnlySpan<float> source, int rows, int columns, Span<float> target)
    {
        for (int row = 0; row < rows; row += Tile)
        {
            for (int column = 0; column < columns; column += Tile)
                TransposeTile(source, rows, columns, row, column, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // a large file is read in few calls, all of which would run unoptimised
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
