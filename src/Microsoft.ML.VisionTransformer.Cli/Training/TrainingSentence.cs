// What a training came to, in a line.
using System.Globalization;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal static class TrainingSentence
{
    internal static string Of(TrainingHistory history)
    {
        var text = new StringBuilder();
        if (history.Epochs.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"Trained {history.Epochs.Count} epochs on {history.TrainingRows} images");
            if (history.ValidationRows > 0)
                text.Append(CultureInfo.InvariantCulture, $", {history.ValidationRows} compared epochs");
            text.Append(CultureInfo.InvariantCulture, $"; the weights are those of epoch {history.BestEpoch}{(history.IsAverage ? " (running mean)" : "")}");
            if (history.StoppedEarly)
                text.Append(", after which it got no better");
            text.Append('.');
        }

        if (history.RowsWithInvalidImage > 0)
            text.Append(CultureInfo.InvariantCulture, $" {history.RowsWithInvalidImage} images could not be read and were left out.");
        return text.ToString();
    }
}
