// Progress converted to updates of another size.
using Microsoft.ML.VisionTransformer.Training.Checkpointing;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Checkpointing;

[TestClass]
public sealed class RunProgressTests
{
    [TestMethod]
    [DataRow(16, 10, DisplayName = "the same size stays")]
    [DataRow(8, 17, DisplayName = "halves: two epochs of 7 updates, and 24 rows of the third are 3 of 8")]
    [DataRow(10, 14, DisplayName = "24 rows are 2 updates of 10 and a part of the third")]
    public void RowsThatHavePassedAreNotCountedAgain(int rowsPerStep, int steps)
    {
        var progress = new RunProgress { Seed = 1, Step = 10, RowsPerStep = 16, Rows = 24, Epochs = [new TrainingMetrics(), new TrainingMetrics()] };

        Assert.AreEqual(steps, progress.InStepsOf(rowsPerStep, rows: 52).Step);
    }

    [TestMethod]
    public void AnEpochWhoseRowsHaveAllPassedIsDone()
    {
        var progress = new RunProgress { Seed = 1, Step = 4, RowsPerStep = 16, Rows = 52 };

        Assert.AreEqual(6, progress.InStepsOf(10, rows: 52).Step);
    }
}
