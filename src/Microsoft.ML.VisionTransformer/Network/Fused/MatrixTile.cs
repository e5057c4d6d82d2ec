// The piece that all matrix products are cut into: 6 rows by panels of 16 columns.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Sizes of the piece, and which loop computes it on this processor.</summary>
internal static unsafe class MatrixTile
{
    internal const int Rows = 6, Columns = 16;

    /// <summary>Whether the processor has what the loops are written for.</summary>
    internal static bool IsSupported => NarrowTile.IsSupported;

    /// <summary>Panels that are best multiplied at a time.</summary>
    internal static int Group => WideTile.IsSupported ? WideTile.Panels : 1;

    /// <summary>The least multiple of <see cref="Rows"/> that holds so many rows.</summary>
    internal static int PaddedRows(int rows) => (rows + Rows - 1) / Rows * Rows;

    /// <summary>The least multiple of <see cref="Columns"/> that holds so many columns.</summary>
    internal static int PaddedColumns(int columns) => (columns + Columns - 1) / Columns * Columns;

    /// <summary>How many of the panels that are left are multiplied next: a group, or one.</summary>
    internal static int Together(int left) => left >= Group ? Group : 1;

    /// <summary>c = a panels + bias, or c += a panels + bias: [6, depth] times [depth, 16 together].</summary>
    /// <param name="a">Left matrix.</param>
    /// <param name="panels">Panels of 16 columns of the right matrix, one behind the other, each row after row without gaps.</param>
    /// <param name="together">How many, as <see cref="Together"/> gives it.</param>
    /// <param name="depth">Columns of the left and rows of the right matrix.</param>
    /// <param name="c">Result; six rows are written.</param>
    /// <param name="bias">Numbers added to every row; null for none.</param>
    /// <param name="add">Whether the result is added to what lies there.</param>
    /// <param name="ahead">Where the numbers lie that are needed next; they are asked for, a cache line at a time.</param>
    /// <param name="pace">How many rows of the panels go by from one line to the next.</param>
    internal static void Multiply(FusedRows a, float* panels, int together, nint depth, FusedRows c, float* bias, bool add, float* ahead, nint pace)
    {
        if (together == 1)
            NarrowTile.Multiply(a, panels, depth, c, bias, add, ahead, pace);
        else
            WideTile.Multiply(a, panels, depth, c, bias, add, ahead, pace);
    }
}
