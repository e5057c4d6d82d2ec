// The outcome of a training as one line of text.
using System.Globalization;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal static class TrainingSummary
{
    internal static string Of(TrainingHistory history)
    {
        var text = new StringBuilder();
        if (history.Epochs.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"Trained {history.Epochs.Count} epochs on {history.TrainingRows} images");
            if (history.ValidationRows > 0)
                text.Append(CultureInfo.InvariantCulture, $", validated on {history.ValidationRows}");
            text.Append(CultureInfo.InvariantCulture, $"; the weights are those of epoch {history.BestEpoch}{(history.IsAverage ? " (exponential moving average)" : "")}");
            if (history.StoppedEarly)
                text.Append("; stopped early because validation no longer improved");
            text.Append('.');
        }

        if (history.RowsWithInvalidImage > 0)
            text.Append(CultureInfo.InvariantCulture, $" {history.RowsWithInvalidImage} images could not be read and were left out.");
        return text.ToString();
    }
}
