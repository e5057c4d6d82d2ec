// What the report says about training curves and the learning curve.
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class CurveReadingTests
{
    [TestMethod]
    public void AProbeIsNotSaidToAugmentItsImages()
    {
        string text = CurveReading.Measurement(Content(TrainingStrategy.LinearProbe, (0.9, 0.9)));

        StringAssert.Contains(text, "without augmentation");
        StringAssert.Contains(text, "one step of the optimizer");
        Assert.DoesNotContain("can be worse", text);
    }

    [TestMethod]
    public void MixedImagesExplainALowTrainingAccuracy()
    {
        var content = Content(TrainingStrategy.FromScratch, (0.4, 0.8)) with { Augmentation = TrainingAugmentations.DeiT, LabelSmoothing = 0.1 };

        StringAssert.Contains(CurveReading.Measurement(content), "mixed from two photos");
        StringAssert.Contains(CurveReading.Measurement(content), "label smoothing");
        StringAssert.Contains(CurveReading.Verdict(content), "That is normal");
    }

    [TestMethod]
    public void WithoutAugmentationNoneIsClaimed()
    {
        var content = Content(TrainingStrategy.FineTune, (0.9, 0.9)) with { Augmentation = TrainingAugmentations.None, LabelSmoothing = 0 };

        StringAssert.Contains(CurveReading.Measurement(content), "without augmentation");
        Assert.DoesNotContain("label smoothing", CurveReading.Measurement(content));
    }

    [TestMethod]
    [DataRow(TrainingStrategy.LinearProbe, "--probe-penalty")]
    [DataRow(TrainingStrategy.FineTune, "--strategy linear-probe")]
    [DataRow(TrainingStrategy.FromScratch, "--pretrained")]
    public void ALargeGapIsOverfitting_AndTheRemedyDependsOnTheStrategy(TrainingStrategy strategy, string remedy)
    {
        string text = CurveReading.Verdict(Content(strategy, (0.98, 0.8)));

        StringAssert.Contains(text, "98.0% in training and 80.0% in validation");
        StringAssert.Contains(text, "it overfits. On new photos, expect the accuracy of the validation images.");
        StringAssert.Contains(text, "More photos help most");
        StringAssert.Contains(text, remedy);
    }

    [TestMethod]
    public void FewValidationImagesCannotShowOverfitting()
    {
        string text = CurveReading.Verdict(Content(TrainingStrategy.LinearProbe, (1, 0.9)) with { TrainingImages = 90, ValidationImages = 10 });

        StringAssert.Contains(text, "10 images are too few to be sure");
        Assert.DoesNotContain("it overfits", text);
    }

    [TestMethod]
    public void ASmallGapIsNoOverfitting() => StringAssert.Contains(CurveReading.Verdict(Content(TrainingStrategy.FineTune, (0.92, 0.9))), "no sign of overfitting");

    /// <summary>At the best epoch both accuracies are equal, and afterwards the curves diverge.</summary>
    [TestMethod]
    public void CurvesThatDivergeAfterTheBestEpochAreOverfitting()
    {
        var content = Content(TrainingStrategy.FromScratch, (0.4, 0.4), (0.6, 0.4), (0.8, 0.4)) with { BestEpoch = 1 };
        content = content with { Epochs = [.. content.Epochs.Select((epoch, i) => epoch with { TrainingLoss = 1.5 - 0.4 * i, ValidationLoss = 1.4 + 0.2 * i })] };

        string text = CurveReading.Verdict(content);

        StringAssert.Contains(text, "the training loss fell from 1.500 to 0.700 while the validation loss rose from 1.400 to 1.800");
        Assert.DoesNotContain("no sign of overfitting", text);
    }

    [TestMethod]
    public void ALossThatStillFallsAsksForMoreEpochs_ExceptForAProbe()
    {
        (double, double)[] rising = [.. Enumerable.Range(1, 10).Select(i => (0.08 * i, 0.08 * i))];

        StringAssert.Contains(CurveReading.Verdict(Content(TrainingStrategy.FineTune, rising)), "more epochs (--epochs) may help");
        Assert.DoesNotContain("more epochs", CurveReading.Verdict(Content(TrainingStrategy.LinearProbe, rising)));
    }

    [TestMethod]
    public void WithoutValidationTheCurvesAreNotJudged()
    {
        var content = Content(TrainingStrategy.FineTune, (0.98, 0.8));

        StringAssert.Contains(CurveReading.Verdict(content with { Epochs = [content.Epochs[0] with { ValidationAccuracy = null }] }), "There were no validation images");
    }

    [TestMethod]
    public void ARisingLearningCurveAsksForMorePhotos()
    {
        string text = LearningCurveSection.Verdict([new(100, 0.6), new(200, 0.7), new(300, 0.75), new(400, 0.8), new(500, 0.84)]);

        StringAssert.Contains(text, "From 250 to 500 training images the accuracy went from 72.8% to 84.0%");    // 0.7 + 0.05 ln(1.25) / ln(1.5)
        StringAssert.Contains(text, "more photos would probably help");
    }

    [TestMethod]
    [DataRow(0.91, 0.905, DisplayName = "falling")]
    [DataRow(0.90, 0.908, DisplayName = "less than a point")]
    public void AFlatLearningCurveDoesNot(double before, double after) =>
        StringAssert.Contains(LearningCurveSection.Verdict([new(200, 0.8), new(500, before), new(1000, after)]), "more photos of the same kind would probably add little");

    [TestMethod]
    public void ALearningCurveOfFewImagesTellsNothing() =>
        StringAssert.Contains(LearningCurveSection.Verdict([new(20, 0.8), new(50, 0.88), new(100, 0.9)]), "cannot tell whether more photos would help");

    private static ReportContent Content(TrainingStrategy strategy, params (double Training, double Validation)[] accuracies) => new()
    {
        Title = "Test",
        ClassNames = ["a", "b"],
        Strategy = strategy,
        TrainingImages = 1000,
        ValidationImages = 200,
        BestEpoch = accuracies.Length,
        Epochs =
        [
            .. accuracies.Select((accuracy, i) => new ReportEpoch
            {
                Epoch = i + 1,
                TrainingAccuracy = accuracy.Training,
                ValidationAccuracy = accuracy.Validation,
                TrainingLoss = 1 - accuracy.Training,
                ValidationLoss = 1 - accuracy.Validation,
            }),
        ],
    };
}
