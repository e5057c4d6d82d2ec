// Says in words what the training curves show, for the strategy that was used.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class CurveReading
{
    /// <summary>Smaller differences between training and validation accuracy are not worth a warning.</summary>
    private const double LargeGap = 0.05;

    /// <summary>Relative decrease of the validation loss over the last fifth of the epochs that counts as still falling.</summary>
    private const double StillFalling = 0.02;

    /// <summary>Relative change of the losses after the best epoch from which they are said to diverge.</summary>
    private const double Diverging = 0.05;

    /// <summary>How the metrics were measured, and so what can be compared.</summary>
    internal static string Measurement(ReportContent content)
    {
        if (content.Strategy == TrainingStrategy.LinearProbe)
        {
            return "A linear probe trains only the head. The features of each image were computed once, without augmentation, so training and validation are measured in the same way. " +
                "An epoch is one step of the optimizer over all images, not another pass over the photos." +
                (content.ValidationImages > 0 ? " The curves show a head that was fitted to the training images only; the saved head was then fitted to the validation images as well." : "");
        }

        string smoothing = content.LabelSmoothing is > 0 ? " The training loss also includes label smoothing, so compare the accuracies rather than the losses." : "";
        return Augmented(content.Augmentation) + smoothing;
    }

    /// <summary>What the curves show: overfitting, none, or too few images to tell.</summary>
    internal static string Verdict(ReportContent content)
    {
        var epoch = content.Epochs.FirstOrDefault(e => e.Epoch == content.BestEpoch) ?? content.Epochs[^1];
        if (epoch.ValidationAccuracy is not { } validation)
        {
            return "There were no validation images, so the curves cannot show whether the model overfits" +
                (content.Rows.Count > 0 ? $". See its accuracy on the {content.RowsName} images instead." : ".");
        }

        string figures = (content.Strategy == TrainingStrategy.LinearProbe ? "At the end" : $"In epoch {ValueFormat.Count(epoch.Epoch)}, whose weights were kept,") +
            $" the accuracy is {ValueFormat.Percent(epoch.TrainingAccuracy)} in training and {ValueFormat.Percent(validation)} in validation";
        double gap = epoch.TrainingAccuracy - validation;
        string? later = LaterEpochs(content, epoch);
        if (gap >= LargeGap)
            return $"{figures}. {Gap(content, epoch.TrainingAccuracy, validation)} {later}".TrimEnd();
        if (later is not null)
            return $"{figures}. {later} {Remedy(content.Strategy)}";
        return $"{figures}{NoGap(content, gap)}{MoreEpochs(content)}";
    }

    private static string Augmented(TrainingAugmentations? augmentation) => augmentation switch
    {
        null => "Training metrics are measured while the weights change, and on augmented images if the run augments them. They can be worse than the validation metrics.",
        { MixupAlpha: > 0 } or { CutmixAlpha: > 0 } =>
            "Training metrics are measured while the weights change, on augmented images that are mixed from two photos (mixup, CutMix). Values far below those in validation are normal.",
        _ when augmentation == TrainingAugmentations.None => "Training metrics are measured while the weights change, on images without augmentation.",
        _ => "Training metrics are measured while the weights change, on augmented images (random crops and similar changes). They can be worse than the validation metrics.",
    };

    private static string Gap(ReportContent content, double training, double validation)
    {
        if (content.ValidationImages > 0)
        {
            var ofTraining = Interval(training, Math.Max(content.TrainingImages, 1));
            var ofValidation = Interval(validation, content.ValidationImages);
            if (ofTraining.From <= ofValidation.To)
            {
                return $"That looks like overfitting, but {ValueFormat.Images(content.ValidationImages)} are too few to be sure: " +
                    $"the validation accuracy of very many such images could be anywhere from {ValueFormat.WholePercent(ofValidation.From)} to {ValueFormat.WholePercent(ofValidation.To)}.";
            }
        }

        return "The model does better on its training photos than on new ones: it overfits. On new photos, expect the accuracy of the " + (content.Rows.Count > 0 ? $"{content.RowsName} images. " : "validation images. ") + Remedy(content.Strategy);
    }

    private static string Remedy(TrainingStrategy? strategy) => strategy switch
    {
        TrainingStrategy.LinearProbe =>
            "More photos help most, especially of the classes that are confused. A larger --probe-penalty, another pretrained network, or fine-tuning with augmentation (--strategy fine-tune) may help too.",
        TrainingStrategy.FineTune =>
            "More photos help most, especially of the classes that are confused. Stronger augmentation (--augmentation deit), fewer epochs (--epochs), or a linear probe (--strategy linear-probe) may help too.",
        _ => "More photos help most. A pretrained network (--pretrained) needs far fewer of them; stronger augmentation (--augmentation deit) and fewer epochs (--epochs) may help too.",
    };

    /// <summary>Null unless the losses of training and validation diverge after the epoch whose weights the model has.</summary>
    private static string? LaterEpochs(ReportContent content, ReportEpoch best)
    {
        var last = content.Epochs[^1];
        bool diverge = content.Strategy != TrainingStrategy.LinearProbe && last.Epoch > best.Epoch
            && last.TrainingLoss < best.TrainingLoss * (1 - Diverging) && last.ValidationLoss > best.ValidationLoss * (1 + Diverging);
        return diverge
            ? $"After that epoch the training loss fell from {ValueFormat.Loss(best.TrainingLoss)} to {ValueFormat.Loss(last.TrainingLoss)} while the validation loss rose from " +
                $"{ValueFormat.Loss(best.ValidationLoss)} to {ValueFormat.Loss(last.ValidationLoss)}: the later epochs only fitted the training photos (overfitting), and their weights were not kept."
            : null;
    }

    private static string NoGap(ReportContent content, double gap)
    {
        if (gap > -LargeGap)
            return ": close to each other, so there is no sign of overfitting.";
        return content.Augmentation == TrainingAugmentations.None
            ? ": training accuracy is lower because it is measured while the weights change. There is no sign of overfitting."
            : ": training accuracy is lower because augmented images are harder and the weights change during the epoch. That is normal, and there is no sign of overfitting.";
    }

    /// <summary>A linear probe is trained until it converges, so more epochs change nothing.</summary>
    private static string MoreEpochs(ReportContent content)
    {
        var epochs = content.Epochs;
        int before = epochs.Count - 1 - epochs.Count / 5;
        return content.Strategy != TrainingStrategy.LinearProbe && epochs.Count >= 5 && content.BestEpoch == epochs[^1].Epoch
            && epochs[^1].ValidationLoss < epochs[before].ValidationLoss * (1 - StillFalling)
            ? " The validation loss was still falling in the last epochs: more epochs (--epochs) may help."
            : "";
    }

    private static WilsonInterval Interval(double accuracy, int images) => WilsonInterval.Of((int)Math.Round(accuracy * images), images);
}
