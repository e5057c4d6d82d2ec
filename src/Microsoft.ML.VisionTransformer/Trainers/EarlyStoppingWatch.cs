// Says from the figures of the epochs so far whether a run has stopped getting better.
namespace Microsoft.ML.VisionTransformer.Trainers;

internal static class EarlyStoppingWatch
{
    /// <summary>Whether the watched figure has not become better by enough for as long as the settings wait.</summary>
    internal static bool ShouldStop(VisionTransformerTrainer.EarlyStopping settings, IEnumerable<TrainingMetrics> epochs)
    {
        double best = double.NegativeInfinity;
        int waited = 0;
        foreach (var epoch in epochs)
        {
            double figure = settings.Metric == VisionTransformerTrainer.EarlyStoppingMetric.Accuracy ? epoch.ValidationAccuracy!.Value : -epoch.ValidationLoss!.Value;
            if (figure - best >= settings.MinDelta)
                (best, waited) = (figure, 0);
            else if (++waited >= settings.Patience)
                return true;
        }

        return false;
    }
}
