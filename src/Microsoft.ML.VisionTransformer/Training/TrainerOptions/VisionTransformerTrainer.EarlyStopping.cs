// When training ends before its last epoch.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

public sealed partial class VisionTransformerTrainer
{
    /// <summary>
    /// Stops when the watched figure has not become better by at least <see cref="MinDelta"/> for <see cref="Patience"/> epochs in a row. The
    /// object holds settings alone and can serve several trainers.
    /// </summary>
    public sealed class EarlyStopping
    {
        /// <summary>Sets what is watched and how long.</summary>
        /// <param name="minDelta">Smallest change that counts as better, at least 0. Default 0.01.</param>
        /// <param name="patience">Epochs to wait, at least 1. Default 20.</param>
        /// <param name="metric">What to watch. Default accuracy.</param>
        /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
        public EarlyStopping(float minDelta = 0.01f, int patience = 20, EarlyStoppingMetric metric = EarlyStoppingMetric.Accuracy)
        {
            MinDelta = Guard.InRange(minDelta, 0f, float.PositiveInfinity);
            Patience = Guard.AtLeast(patience, 1);
            Metric = Guard.Defined(metric);
        }

        /// <summary>Smallest change that counts as better.</summary>
        public float MinDelta { get; }

        /// <summary>Epochs to wait.</summary>
        public int Patience { get; }

        /// <summary>What is watched.</summary>
        public EarlyStoppingMetric Metric { get; }
    }
}
