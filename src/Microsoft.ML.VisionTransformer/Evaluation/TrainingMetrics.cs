// The metrics of a training epoch, or of the completed part of it.
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The metrics of a training epoch, or of its completed part. Losses are means over rows, in nats; accuracies are fractions of rows in [0, 1].
/// </summary>
public sealed record TrainingMetrics
{
    /// <summary>Whether a step or an epoch was completed. The metrics of a step are those of its epoch so far.</summary>
    public TrainingPhase Phase { get; init; } = TrainingPhase.Epoch;

    /// <summary>Number of the epoch, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Number of planned epochs.</summary>
    public int Epochs { get; init; }

    /// <summary>Number of completed steps of this epoch: updates of the weights, or images in <see cref="TrainingPhase.Features"/>.</summary>
    public int Step { get; init; }

    /// <summary>Number of steps per epoch.</summary>
    public int Steps { get; init; }

    /// <summary>Learning rate of the last step.</summary>
    public double LearningRate { get; init; }

    /// <summary>Training loss, including label smoothing, measured during the epoch while the weights change.</summary>
    public double TrainingLoss { get; init; }

    /// <summary>
    /// Accuracy on the augmented training images, measured during the epoch while the weights change. Where mixup or cutmix mix images, the class
    /// with the larger fraction counts as the correct one; far lower values than on validation rows are then normal.
    /// </summary>
    public double TrainingAccuracy { get; init; }

    /// <summary>Cross-entropy on the validation rows after the epoch, without smoothing; null if there are none.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Accuracy on the validation rows after the epoch; null if there are none.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>
    /// Expected calibration error on the validation rows (15 bins, arXiv:1706.04599): the difference between the probabilities and the fractions of
    /// correct predictions, in [0, 1]; null without such rows.
    /// </summary>
    public double? ValidationCalibrationError { get; init; }

    /// <summary>Whether the validation metrics are those of the exponential moving average of the weights, because they are better.</summary>
    public bool ValidatedAverage { get; init; }

    /// <summary>Training images per second.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>
    /// Fraction of the epoch's training time in which the network waited for images, in [0, 1]. Far above 0, decoding limits the speed: store smaller
    /// images, or train on a machine with more processors. 0 for a linear probe, which processes each image once.
    /// </summary>
    [StoredAs("ImageWaitShare")]
    public double ImageWaitFraction { get; init; }

    /// <summary>Time since training began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Estimated time left, if the remaining steps take as long as those so far.</summary>
    public TimeSpan TimeLeft { get; init; }

    /// <summary>One line for a console.</summary>
    /// <returns>"epoch   3/12  loss 1.426 ..."; for <see cref="TrainingPhase.Features"/> the number of images processed.</returns>
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

/// <summary>What had been completed when metrics were reported.</summary>
public enum TrainingPhase
{
    /// <summary>A linear probe has computed the features of another batch of images.</summary>
    Features,

    /// <summary>An update of the weights.</summary>
    Step,

    /// <summary>An epoch, with its validation.</summary>
    Epoch,
}
