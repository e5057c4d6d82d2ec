// export, info and features.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class OtherCommandsTests
{
    [TestMethod]
    public void Export_OnnxWritesAFileThatOpensAgain()
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.Done("export", "onnx", ColoredModel.Zip, "--out", folder.File("m.onnx"), "--input", "raw-rgb", "--outputs", "probabilities,logits", "--precision", "float16");
        using var checkpoint = VisionTransformerCheckpoint.Load(folder.File("m.onnx"));

        Assert.AreEqual(folder.File("m.onnx"), run.OutputLines.Single());
        CollectionAssert.AreEqual(ColoredSamples.Classes, checkpoint.ClassNames!.ToArray());
    }

    [TestMethod]
    public void Export_SafetensorsPredictsTheSame()
    {
        using var folder = new TemporaryFolder();
        string image = ColoredModel.Image("green");

        var run = CliRun.Done("export", "safetensors", ColoredModel.Zip, "--out", folder.File("python", "x")[..^2]);

        Assert.HasCount(3, run.OutputLines);
        Assert.AreEqual(CliRun.Done("predict", ColoredModel.Zip, image).Output, CliRun.Done("predict", folder.File("python", "x")[..^2], image).Output);
    }

    [TestMethod]
    public void Info_ShowsNetworkClassesAndTraining()
    {
        var run = CliRun.Done("info", ColoredModel.Zip);

        StringAssert.Contains(run.Output, "classifier");
        StringAssert.Contains(run.Output, $"images of 16x16, patches of 8x8, 2 blocks of width {ColoredModel.Width} with 2 heads");
        StringAssert.Contains(run.Output, "3: blue, green, red");
        StringAssert.Contains(run.Output, "Trained 12 epochs");
    }

    [TestMethod]
    public void Info_CountsTheSameParametersInAModelAndInACheckpoint()
    {
        using var folder = new TemporaryFolder();
        CliRun.Done("export", "safetensors", ColoredModel.Zip, "--out", folder.Path);

        var model = JsonDocument.Parse(CliRun.Done("info", ColoredModel.Zip, "--format", "json").Output).RootElement;
        var checkpoint = JsonDocument.Parse(CliRun.Done("info", folder.Path, "--format", "json").Output).RootElement;

        Assert.AreEqual(model.GetProperty("parameters").GetInt64(), checkpoint.GetProperty("parameters").GetInt64());
        Assert.AreEqual("checkpoint", checkpoint.GetProperty("kind").GetString());
        var epochs = model.GetProperty("training").GetProperty("epochs");
        Assert.AreEqual(12, epochs.GetArrayLength());
        Assert.IsEmpty(epochs[0].EnumerateObject().Where(property => char.IsUpper(property.Name[0])));
        Assert.IsTrue(epochs[0].TryGetProperty("imageWaitFraction", out _));
    }

    [TestMethod]
    public void Info_CountsTheSameParametersForAnyWeightStorage()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext();
        var model = context.Model.Load(ColoredModel.Zip, out var schema);
        using (model as IDisposable)
        {
            foreach (var network in ((IEnumerable<ITransformer>)model).OfType<VisionTransformerPredictionTransformer>())
                network.WeightStorage = WeightStorage.Float16;
            context.Model.Save(model, schema, folder.File("half.zip"));
        }

        Assert.AreEqual(Parameters(ColoredModel.Zip), Parameters(folder.File("half.zip")));
    }

    /// <summary>
    /// info loads a model once and disposes it. TorchSharp's count still rises by a constant with each load, so the commands are compared with info.
    /// </summary>
    [TestMethod]
    [DataRow("export", "onnx", "{model}", "--out", "{out}", "--force")]
    [DataRow("export", "safetensors", "{model}", "--out", "{folder}", "--force")]
    [DataRow("predict", "{model}", "{image}")]
    [DataRow("evaluate", "{model}", "--data", "{images}")]
    [DataRow("features", "{model}", "{image}")]
    [DataRow("scaffold", "{model}", "--out", "{folder}", "--force")]
    public void ACommandLoadsAClassifierOnceAndDisposesIt(params string[] args)
    {
        using var folder = new TemporaryFolder();
        string[] filled = [.. args.Select(arg => arg
            .Replace("{model}", ColoredModel.Zip, StringComparison.Ordinal)
            .Replace("{image}", ColoredModel.Image("red"), StringComparison.Ordinal)
            .Replace("{images}", ColoredModel.Images, StringComparison.Ordinal)
            .Replace("{out}", folder.File("out", "m.onnx"), StringComparison.Ordinal)
            .Replace("{folder}", folder.Path, StringComparison.Ordinal))];

        Assert.AreEqual(TensorsLeft("info", ColoredModel.Zip), TensorsLeft(filled));
    }

    [TestMethod]
    public void Features_OfAClassifierHaveTheEmbeddingDimensionAndUnitLengthOnRequest()
    {
        using var folder = new TemporaryFolder();
        string table = folder.File("features.csv");

        CliRun.Done("features", ColoredModel.Zip, Path.Combine(ColoredModel.Images, "red"), "--out", table);
        var line = CliRun.Done("features", ColoredModel.Zip, ColoredModel.Image("red"), "--normalize", "--format", "json").OutputLines.Single();
        var lines = CsvTable.Read(table);
        var features = JsonDocument.Parse(line).RootElement.GetProperty("features").EnumerateArray().Select(f => f.GetDouble());

        Assert.HasCount(21, lines);
        Assert.HasCount(2 + ColoredModel.Width, lines[0]);
        Assert.AreEqual(1, features.Sum(f => f * f), 1e-5);
    }

    private static long Parameters(string model) =>
        JsonDocument.Parse(CliRun.Done("info", model, "--format", "json").Output).RootElement.GetProperty("parameters").GetInt64();

    private static long TensorsLeft(params string[] args)
    {
        CliRun.Done(args);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = TorchSharp.torch.Tensor.TotalCount;
        CliRun.Done(args);
        return TorchSharp.torch.Tensor.TotalCount - before;
    }
}
