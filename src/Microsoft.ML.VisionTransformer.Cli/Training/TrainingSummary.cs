// The outcome of a training as one line of text.
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal static class TrainingSummary
{
    internal static string Of(TrainingHistory history)
    {
        bool isProbe = history.Strategy == TrainingStrategy.LinearProbe;
        var text = new StringBuilder();
        if (history.Epochs.Count > 0)
        {
            string what = isProbe ? "a linear probe" : Count(history.Epochs.Count, "epoch");
            text.Append(CultureInfo.InvariantCulture, $"Trained {what} on {Count(history.TrainingRows, "image")}");
            if (history.ValidationRows > 0)
                text.Append(CultureInfo.InvariantCulture, $", validated on {history.ValidationRows:N0}");
            if (!isProbe)
                text.Append(CultureInfo.InvariantCulture, $"; the weights are those of epoch {history.BestEpoch}{(history.IsAverage ? " (exponential moving average)" : "")}");
            if (history.StoppedEarly)
                text.Append("; stopped early because validation no longer improved");
            text.Append('.');
        }

        if (history.ProbeAccuracy is { } accuracy)
            text.Append(isProbe ? " Its cross-validated accuracy is " : " The linear probe that it started from has a cross-validated accuracy of ").Append(PercentText.Of(accuracy)).Append('.');
        if (history.RowsWithInvalidImage > 0)
        {
            text.Append(history.RowsWithInvalidImage == 1
                ? " 1 image could not be read and was left out."
                : string.Create(CultureInfo.InvariantCulture, $" {history.RowsWithInvalidImage:N0} images could not be read and were left out."));
        }

        return text.ToString();
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}s");
}
