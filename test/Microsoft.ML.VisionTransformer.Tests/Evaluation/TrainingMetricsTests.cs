// The console line of training metrics.
namespace Microsoft.ML.VisionTransformer.Tests.Evaluation;

[TestClass]
public sealed class TrainingMetricsTests
{
    [TestMethod]
    [DataRow(TrainingPhase.Epoch, "0:00:07", "0:07")]
    [DataRow(TrainingPhase.Epoch, "0:59:59.9", "59:59")]
    [DataRow(TrainingPhase.Step, "1:02:03", "1:02:03")]
    [DataRow(TrainingPhase.Features, "23:04:05", "23:04:05")]
    [DataRow(TrainingPhase.Epoch, "1.02:03:04", "1d 02:03:04")]
    [DataRow(TrainingPhase.Features, "12.00:00:59", "12d 00:00:59")]
    public void TheTimeLeftHasHoursAndDays(TrainingPhase phase, string left, string expected) => StringAssert.EndsWith(
        new TrainingMetrics { Phase = phase, LearningRate = 1e-3, TimeLeft = TimeSpan.Parse(left, System.Globalization.CultureInfo.InvariantCulture) }.ToString(), $"  left {expected}");
}
