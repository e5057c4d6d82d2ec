// How well one class is found.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Index">Index of the class.</param>
/// <param name="Right">Rows of the class that were given it.</param>
/// <param name="Support">Rows of the class.</param>
/// <param name="Predicted">Rows that were given the class.</param>
internal sealed record ClassFigures(int Index, int Right, int Support, int Predicted)
{
    /// <summary>Of the rows given the class, the share that are of it; null where no row was given it.</summary>
    internal double? Precision => Predicted == 0 ? null : Right / (double)Predicted;

    /// <summary>Of the rows of the class, the share given it; null where it has no rows.</summary>
    internal double? Recall => Support == 0 ? null : Right / (double)Support;

    /// <summary>2 · right / (support + predicted), the harmonic mean of precision and recall; null where both are 0 rows.</summary>
    internal double? F1 => Support + Predicted == 0 ? null : 2.0 * Right / (Support + Predicted);
}
