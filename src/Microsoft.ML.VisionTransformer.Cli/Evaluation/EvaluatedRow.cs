// A scored row with its predicted class and the rank of its true class.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <param name="Row">The row.</param>
/// <param name="Predicted">Index of the most probable class.</param>
/// <param name="Rank">Rank (from 0) of the true class when the classes are sorted by descending probability.</param>
internal sealed record EvaluatedRow(ScoredRow Row, int Predicted, int Rank)
{
    internal bool IsRight => Predicted == Row.Label;

    /// <summary>Probability of the predicted class.</summary>
    internal double Confidence => Row.Probabilities[Predicted];

    internal double TrueProbability => Row.Probabilities[Row.Label];

    /// <exception cref="ArgumentException">The label is not a class index, or a score is not a probability.</exception>
    internal static EvaluatedRow Of(ScoredRow row, int classes)
    {
        if (row.Probabilities.Length != classes)
            throw new ArgumentException(Text($"{row.Name} has {row.Probabilities.Length} scores, but there are {classes} classes."), nameof(row));
        if (row.Label < 0 || row.Label >= classes)
            throw new ArgumentException(Text($"{row.Name} has the class index {row.Label}, but there are {classes} classes."), nameof(row));
        foreach (float probability in row.Probabilities)
        {
            if (probability is not (>= 0 and <= 1))
                throw new ArgumentException(Text($"{row.Name} has the score {probability}, which is not a probability from 0 to 1. Leave out rows without an image."), nameof(row));
        }

        int predicted = 0, rank = 0;
        for (int i = 0; i < classes; i++)
        {
            if (row.Probabilities[i] > row.Probabilities[predicted])
                predicted = i;
            if (row.Probabilities[i] > row.Probabilities[row.Label] || row.Probabilities[i] == row.Probabilities[row.Label] && i < row.Label)
                rank++;
        }

        return new EvaluatedRow(row, predicted, rank);
    }

    private static string Text(FormattableString message) => message.ToString(CultureInfo.InvariantCulture);
}
