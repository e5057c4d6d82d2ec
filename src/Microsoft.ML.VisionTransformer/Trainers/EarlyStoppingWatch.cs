// Follows the watched figure of one run and says when it has stopped getting better.
namespace Microsoft.ML.VisionTransformer.Trainers;

internal sealed class EarlyStoppingWatch(VisionTransformerTrainer.EarlyStopping settings)
{
    private double _best = double.NegativeInfinity;
    private int _waited;

    /// <summary>Takes an epoch's figures; true ends the run.</summary>
    internal bool ShouldStop(double loss, double accuracy)
    {
        double figure = settings.Metric == VisionTransformerTrainer.EarlyStoppingMetric.Accuracy ? accuracy : -loss;
        if (figure - _best >= settings.MinDelta)
        {
            _best = figure;
            _waited = 0;
            return false;
        }

        return ++_waited >= settings.Patience;
    }
}
