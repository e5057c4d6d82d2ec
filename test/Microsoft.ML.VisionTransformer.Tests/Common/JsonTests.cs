// Names in files: properties that were renamed keep the name that files have.
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.Evaluation;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class JsonTests
{
    [TestMethod]
    public void AModelFileOfAnEarlierBuildKeepsItsImageWait()
    {
        var read = ModelJson.Read<TrainingMetrics>("""{ "Epoch": 3, "ImageWaitShare": 0.25 }"""u8.ToArray());

        Assert.AreEqual(0.25, read.ImageWaitFraction);
        Assert.Contains("\"ImageWaitShare\": 0.25", Encoding.UTF8.GetString(ModelJson.Write(read)));
        Assert.Contains("\"ImageWaitFraction\":0.25", JsonSerializer.Serialize(read));
    }

    [TestMethod]
    public void ATrainingCheckpointOfAnEarlierBuildKeepsItsStandardError()
    {
        var read = ModelJson.Read<ValidationResult>("""{ "Epoch": 3, "IsAverage": true, "Accuracy": 0.5, "Loss": 1.5, "Doubt": 0.125 }"""u8.ToArray());

        Assert.AreEqual(new ValidationResult(3, IsAverage: true, 0.5, 1.5, 0.125), read);
        Assert.AreEqual(read, ModelJson.Read<ValidationResult>(ModelJson.Write(read)));
    }
}
