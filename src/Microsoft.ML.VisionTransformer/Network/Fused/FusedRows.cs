// Rows of numbers in memory.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>A matrix, row-major: where it starts and how many numbers lie from one row to the next.</summary>
internal readonly unsafe struct FusedRows(float* start, int stride)
{
    internal float* Start { get; } = start;

    internal int Stride { get; } = stride;

    /// <summary>Where a row starts.</summary>
    internal float* Row(int row) => Start + ((nint)row * Stride);

    /// <summary>What lies from a row and a column on.</summary>
    internal FusedRows From(int row, int column = 0) => new(Row(row) + column, Stride);
}
