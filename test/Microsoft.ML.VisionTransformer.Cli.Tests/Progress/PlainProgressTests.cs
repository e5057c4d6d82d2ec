// Progress as plain lines: which metrics get a line.
using Microsoft.ML.VisionTransformer.Cli.Progress;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Progress;

[TestClass]
public sealed class PlainProgressTests
{
    [TestMethod]
    public void AnEpochRightAfterALineOfAStepHasItsLine()
    {
        using var error = new StringWriter();
        var progress = new PlainProgress(error);

        for (int epoch = 1; epoch <= 50; epoch++)
        {
            progress.Message("a line of a step");
            progress.Training(Epoch(epoch, 50, learningRate: 1e-3));
        }

        for (int epoch = 1; epoch <= 50; epoch++)
            StringAssert.Contains(error.ToString(), $"epoch {epoch,3}/50  loss");
    }

    [TestMethod]
    public void OfTheStepsOfALinearProbeTheFirstAndTheLastAreShown()
    {
        using var error = new StringWriter();
        var progress = new PlainProgress(error);

        for (int epoch = 1; epoch <= 100; epoch++)
            progress.Training(Epoch(epoch, 100, learningRate: 0));

        string text = error.ToString();
        StringAssert.Contains(text, "epoch   1/100");
        StringAssert.Contains(text, "epoch 100/100");
        Assert.IsLessThan(20, text.Split('\n').Length);
    }

    private static TrainingMetrics Epoch(int epoch, int epochs, double learningRate) =>
        new() { Epoch = epoch, Epochs = epochs, Step = 1, Steps = 1, LearningRate = learningRate };
}
