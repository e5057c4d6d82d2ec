// The figures of an epoch of training, or of the part of it that is done.
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>What an epoch of training came to, or has come to so far. Losses are means over rows, in nats; accuracies are shares of rows in [0, 1].</summary>
public sealed record TrainingMetrics
{
    /// <summary>Whether a step or an epoch was completed. Figures of a step are those of its epoch so far.</summary>
    public TrainingPhase Phase { get; init; } = TrainingPhase.Epoch;

    /// <summary>Number of the epoch, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Epochs planned.</summary>
    public int Epochs { get; init; }

    /// <summary>Steps of this epoch that are done: updates of the weights, or in <see cref="TrainingPhase.Features"/> images.</summary>
    public int Step { get; init; }

    /// <summary>Steps of an epoch.</summary>
    public int Steps { get; init; }

    /// <summary>Learning rate of the last step.</summary>
    public double LearningRate { get; init; }

    /// <summary>Training loss, label smoothing included, as measured while the weights changed.</summary>
    public double TrainingLoss { get; init; }

    /// <summary>
    /// Accuracy on the augmented training images, as measured while the weights changed. Where mixup or cutmix mix images, the right answer is the
    /// class with the larger share; far lower values than on validation rows are then normal.
    /// </summary>
    public double TrainingAccuracy { get; init; }

    /// <summary>Cross-entropy on the validation rows after the epoch, without smoothing; null where there are none.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Accuracy on the validation rows after the epoch; null where there are none.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>Expected calibration error on the validation rows (15 bins, arXiv:1706.04599): how far the probabilities are from the shares of right answers, in [0, 1]; null without such rows.</summary>
    public double? ValidationCalibrationError { get; init; }

    /// <summary>Whether the validation figures are those of the running mean of the weights, because they are better.</summary>
    public bool ValidatedAverage { get; init; }

    /// <summary>Training images a second.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>
    /// Share of the epoch's training time in which the network stood still because images were not ready, in [0, 1]. Far above 0, decoding is what limits the
    /// speed: store smaller images, or train where there are more processors. 0 for a linear probe, which looks at each image once.
    /// </summary>
    [JsonPropertyName("ImageWaitShare")]    // the name in model files
    public double ImageWaitFraction { get; init; }

    /// <summary>Time since training began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Time left if the remaining steps take as long as those so far.</summary>
    public TimeSpan TimeLeft { get; init; }

    /// <summary>One line for a console.</summary>
    /// <returns>"epoch   3/12  loss 1.426 ..."; for <see cref="TrainingPhase.Features"/> how many images have been seen.</returns>
    public override string ToString()
    {
        var line = new StringBuilder();
        if (Phase == TrainingPhase.Features)
            return line.Append(CultureInfo.InvariantCulture, $"features of image {Step}/{Steps}  {ImagesPerSecond:F0} images/s  left {DurationText.Of(TimeLeft)}").ToString();
        line.Append(CultureInfo.InvariantCulture, $"epoch {Epoch,3}/{Epochs}");
        if (Phase == TrainingPhase.Step)
            line.Append(CultureInfo.InvariantCulture, $"  step {Step,3}/{Steps}");
        line.Append(CultureInfo.InvariantCulture, $"  loss {TrainingLoss:F3}  accuracy {TrainingAccuracy:P1}");
        if (ValidationLoss is { } loss && ValidationAccuracy is { } accuracy)
            line.Append(CultureInfo.InvariantCulture, $"  validation loss {loss:F3}  accuracy {accuracy:P1}");
        if (LearningRate > 0)
            line.Append(CultureInfo.InvariantCulture, $"  rate {LearningRate:E1}");
        line.Append(CultureInfo.InvariantCulture, $"  {ImagesPerSecond:F0} images/s  left {DurationText.Of(TimeLeft)}");
        return line.ToString();
    }
}

/// <summary>What was completed when figures were given.</summary>
public enum TrainingPhase
{
    /// <summary>A linear probe has computed the features of some more images.</summary>
    Features,

    /// <summary>An update of the weights.</summary>
    Step,

    /// <summary>An epoch, with its validation.</summary>
    Epoch,
}
