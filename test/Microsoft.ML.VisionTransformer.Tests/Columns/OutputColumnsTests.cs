// An output column that would hide an input column or another output is rejected everywhere.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Columns;

[TestClass]
public sealed class OutputColumnsTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    [DataRow("Label", "Score", "PredictedLabelColumnName and LabelColumnName are both 'Label'")]
    [DataRow("Image", "Score", "PredictedLabelColumnName and FeatureColumnName are both 'Image'")]
    [DataRow("Weight", "Score", "PredictedLabelColumnName and ExampleWeightColumnName are both 'Weight'")]
    [DataRow("PredictedLabel", "Label", "ScoreColumnName and LabelColumnName are both 'Label'")]
    [DataRow("PredictedLabel", "Image", "ScoreColumnName and FeatureColumnName are both 'Image'")]
    [DataRow("PredictedLabel", "Weight", "ScoreColumnName and ExampleWeightColumnName are both 'Weight'")]
    [DataRow("Same", "Same", "PredictedLabelColumnName and ScoreColumnName are both 'Same'")]
    public void OfATrainer(string predictedLabel, string score, string reason)
    {
        var options = TinyTraining.Options();
        (options.PredictedLabelColumnName, options.ScoreColumnName, options.ExampleWeightColumnName) = (predictedLabel, score, "Weight");

        Assert.Contains(reason, Assert.ThrowsExactly<ArgumentException>(() => _context.MulticlassClassification.Trainers.VisionTransformer(options)).Message);
    }

    [TestMethod]
    [DataRow("Image", "PredictedLabel", "ScoreColumnName and imageColumnName are both 'Image'")]
    [DataRow("Score", "Image", "PredictedLabelColumnName and imageColumnName are both 'Image'")]
    [DataRow("Same", "Same", "PredictedLabelColumnName and ScoreColumnName are both 'Same'")]
    public void OfAPretrainedModel(string score, string predictedLabel, string reason) =>
        Assert.Contains(reason, Assert.ThrowsExactly<ArgumentException>(
            () => _context.Model.LoadVisionTransformer("no model is opened", "Image", new() { ScoreColumnName = score, PredictedLabelColumnName = predictedLabel })).Message);

    [TestMethod]
    public void OfAnEmbedding() => Assert.Contains(
        "outputColumnName and inputColumnName are both 'Image'",
        Assert.ThrowsExactly<ArgumentException>(() => _context.Transforms.VisionTransformerFeatures("Image", "Image", new() { PretrainedModel = "model" })).Message);

    [TestMethod]
    public void OfAnExplanation()
    {
        using var model = TinyTraining.Train(_context, TinyTraining.Data(_context, perClass: 2));

        Assert.Contains(
            "outputColumnName and inputColumnName are both 'Image'",
            Assert.ThrowsExactly<ArgumentException>(() => _context.Transforms.VisionTransformerExplanation("Image", "Image", model.LastTransformer)).Message);
    }
}
