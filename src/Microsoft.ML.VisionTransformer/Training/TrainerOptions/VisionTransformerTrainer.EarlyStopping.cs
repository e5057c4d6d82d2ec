// Settings of early stopping.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

public sealed partial class VisionTransformerTrainer
{
    /// <summary>
    /// Stops training when the monitored metric has not improved by at least <see cref="MinDelta"/> for
    /// <see cref="Patience"/> epochs in a row. The object only holds settings, so several trainers can share it.
    /// </summary>
    /// <example>
    /// <code>
    /// using Microsoft.ML;
    /// using Microsoft.ML.VisionTransformer;
    ///
    /// var mlContext = new MLContext(seed: 1);
    /// var images = mlContext.Data.LoadImagesFromFolder("flowers");
    /// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    ///     .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    ///     {
    ///         FeatureColumnName = "ImagePath",
    ///         PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    ///         Epoch = 20,
    ///         EarlyStoppingCriteria = new VisionTransformerTrainer.EarlyStopping(
    ///             minDelta: 0.005f, patience: 3, VisionTransformerTrainer.EarlyStoppingMetric.Loss),
    ///     }));
    /// using var model = pipeline.Fit(images);
    /// TrainingHistory history = model.LastTransformer.TrainingHistory!;
    /// Console.WriteLine($"Stopped early: {history.StoppedEarly}, after {history.Epochs.Count} epochs");
    /// </code>
    /// </example>
    public sealed class EarlyStopping
    {
        /// <summary>Sets the metric to monitor and how long to wait for an improvement.</summary>
        /// <param name="minDelta">Smallest change that counts as an improvement, at least 0. Default 0.01.</param>
        /// <param name="patience">Number of epochs to wait for an improvement, at least 1. Default 20.</param>
        /// <param name="metric">The metric to monitor. Default <see cref="EarlyStoppingMetric.Accuracy"/>.</param>
        /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
        public EarlyStopping(float minDelta = 0.01f, int patience = 20, EarlyStoppingMetric metric = EarlyStoppingMetric.Accuracy)
        {
            MinDelta = Guard.InRange(minDelta, 0f, float.PositiveInfinity);
            Patience = Guard.AtLeast(patience, 1);
            Metric = Guard.Defined(metric);
        }

        /// <summary>Smallest change that counts as an improvement.</summary>
        public float MinDelta { get; }

        /// <summary>Number of epochs to wait for an improvement.</summary>
        public int Patience { get; }

        /// <summary>The monitored metric.</summary>
        public EarlyStoppingMetric Metric { get; }
    }
}
