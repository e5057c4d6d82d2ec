// The metrics of a training epoch, or of the completed part of it.
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The metrics of one training epoch, or of the part that is complete. Losses are means over rows, in nats. Accuracies
/// are fractions of rows, in [0, 1].
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
///         Epoch = 2,
///         MetricsCallback = (TrainingMetrics m) =>
///         {
///             if (m.Phase == TrainingPhase.Epoch)
///                 Console.WriteLine($"epoch {m.Epoch} of {m.Epochs}: loss {m.TrainingLoss:F3}");
///         },
///     }));
/// using var model = pipeline.Fit(images);
/// </code>
/// </example>
public sealed record TrainingMetrics
{
    /// <summary>
    /// What was completed: a batch of features, a step, or an epoch. The metrics of a step cover its epoch so far.
    /// </summary>
    public TrainingPhase Phase { get; init; } = TrainingPhase.Epoch;

    /// <summary>Number of the epoch, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Number of planned epochs.</summary>
    public int Epochs { get; init; }

    /// <summary>
    /// Number of completed steps of this epoch. A step is an update of the weights. In
    /// <see cref="TrainingPhase.Features"/> it is one image.
    /// </summary>
    public int Step { get; init; }

    /// <summary>Number of steps per epoch.</summary>
    public int Steps { get; init; }

    /// <summary>The learning rate of the last step.</summary>
    public double LearningRate { get; init; }

    /// <summary>
    /// Training loss, including label smoothing. It is measured during the epoch, while the weights change.
    /// </summary>
    public double TrainingLoss { get; init; }

    /// <summary>
    /// Accuracy on the augmented training images. It is measured during the epoch, while the weights change. With mixup
    /// or cutmix, the class with the larger fraction of the mixed image is the true class. It is then normal that this
    /// value is far below the validation accuracy.
    /// </summary>
    public double TrainingAccuracy { get; init; }

    /// <summary>
    /// Cross-entropy on the validation rows after the epoch, without label smoothing. Null without validation rows.
    /// </summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Accuracy on the validation rows after the epoch. Null without validation rows.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>
    /// Expected calibration error on the validation rows, in [0, 1] (15 bins, arXiv:1706.04599). It measures how far
    /// the probabilities are from the fractions of correct predictions. Null without validation rows.
    /// </summary>
    public double? ValidationCalibrationError { get; init; }

    /// <summary>
    /// Whether the validation metrics are those of the exponential moving average (EMA) of the weights. The trainer
    /// reports those if they are better than the metrics of the weights themselves.
    /// </summary>
    public bool ValidatedAverage { get; init; }

    /// <summary>Number of training images per second.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>
    /// Fraction of the epoch's training time in which the network waited for images, in [0, 1]. If it is far above 0,
    /// decoding limits the speed: store smaller images, or train on a machine with more processors. It is 0 for a
    /// linear probe, which processes each image once.
    /// </summary>
    [StoredAs("ImageWaitShare")]
    public double ImageWaitFraction { get; init; }

    /// <summary>Time since training began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Estimated remaining time, if the remaining steps are as fast as the completed ones.</summary>
    public TimeSpan TimeLeft { get; init; }

    /// <summary>The metrics as one line for a console.</summary>
    /// <returns>
    /// For example "epoch 3/12 loss 1.426 ...". In <see cref="TrainingPhase.Features"/>, the number of images
    /// processed.
    /// </returns>
    public override string ToString()
    {
        var line = new StringBuilder();
        if (Phase == TrainingPhase.Features)
            return line.Append(CultureInfo.InvariantCulture, $"features of {Step}/{Steps} images  {ImagesPerSecond:F0} images/s  left {DurationText.Of(TimeLeft)}").ToString();
        line.Append(CultureInfo.InvariantCulture, $"epoch {Epoch,3}/{Epochs}");
        if (Phase == TrainingPhase.Step)
            line.Append(CultureInfo.InvariantCulture, $"  step {Step,3}/{Steps}");
        line.Append(CultureInfo.InvariantCulture, $"  loss {TrainingLoss:F3}  accuracy {PercentText.Of(TrainingAccuracy)}");
        if (ValidationLoss is { } loss && ValidationAccuracy is { } accuracy)
            line.Append(CultureInfo.InvariantCulture, $"  validation loss {loss:F3}  accuracy {PercentText.Of(accuracy)}");
        if (LearningRate > 0)    // a linear probe has none, and its speed is that of the features
            line.Append(CultureInfo.InvariantCulture, $"  rate {LearningRate:0.0e-0}  {ImagesPerSecond:F0} images/s  left {DurationText.Of(TimeLeft)}");
        return line.ToString();
    }
}

/// <summary>What was completed when the trainer reported the metrics.</summary>
/// <seealso cref="TrainingMetrics"/>
public enum TrainingPhase
{
    /// <summary>The features of another batch of images, for a linear probe.</summary>
    Features,

    /// <summary>One update of the weights.</summary>
    Step,

    /// <summary>An epoch, including its validation.</summary>
    Epoch,
}
