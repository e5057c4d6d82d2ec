// Settings of early stopping.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

public sealed partial class VisionTransformerTrainer
{
    /// <summary>
    /// Stops training when the monitored metric has not improved by at least <see cref="MinDelta"/> for <see cref="Patience"/> epochs in a row. The
    /// object holds only settings and can be used by several trainers.
    /// </summary>
    public sealed class EarlyStopping
    {
        /// <summary>Sets the monitored metric and the patience.</summary>
        /// <param name="minDelta">Smallest change that counts as an improvement, at least 0. Default 0.01.</param>
        /// <param name="patience">Epochs to wait for an improvement, at least 1. Default 20.</param>
        /// <param name="metric">The metric to monitor. Default accuracy.</param>
        /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
        public EarlyStopping(float minDelta = 0.01f, int patience = 20, EarlyStoppingMetric metric = EarlyStoppingMetric.Accuracy)
        {
            MinDelta = Guard.InRange(minDelta, 0f, float.PositiveInfinity);
            Patience = Guard.AtLeast(patience, 1);
            Metric = Guard.Defined(metric);
        }

        /// <summary>Smallest change that counts as an improvement.</summary>
        public float MinDelta { get; }

        /// <summary>Epochs to wait for an improvement.</summary>
        public int Patience { get; }

        /// <summary>The monitored metric.</summary>
        public EarlyStoppingMetric Metric { get; }
    }
}
