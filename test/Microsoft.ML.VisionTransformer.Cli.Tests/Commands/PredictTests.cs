// predict: all input kinds and all output formats.
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class PredictTests
{
    [TestMethod]
    [DataRow("blue")]
    [DataRow("green")]
    [DataRow("red")]
    public void AnImageGetsItsClassFirst(string label)
    {
        var run = CliRun.Done("predict", ColoredModel.Zip, ColoredModel.Image(label));

        StringAssert.Matches(run.Output, new($@"^.*\.png: {label} \d+\.\d%, \w+ \d+\.\d%, \w+ \d+\.\d%\n$"));
    }

    [TestMethod]
    public void AFolderIsSearchedAndAPatternToo()
    {
        Assert.HasCount(60, CliRun.Done("predict", ColoredModel.Zip, ColoredModel.Images).OutputLines);
        Assert.HasCount(20, CliRun.Done("predict", ColoredModel.Zip, Path.Combine(ColoredModel.Images, "r*", "*.png")).OutputLines);
        Assert.HasCount(60, CliRun.Done("predict", ColoredModel.Zip, Path.Combine(ColoredModel.Images, "**", "*.png")).OutputLines);
    }

    [TestMethod]
    public void EachJsonLineIsAnObjectWithProbabilitiesThatSumToOne()
    {
        var run = CliRun.Done("predict", ColoredModel.Zip, Path.Combine(ColoredModel.Images, "red"), "--format", "json", "--top", "0");

        Assert.HasCount(20, run.OutputLines);
        foreach (string line in run.OutputLines)
        {
            var json = JsonDocument.Parse(line).RootElement;
            Assert.AreEqual(json.GetProperty("label").GetString(), json.GetProperty("top")[0].GetProperty("label").GetString());
            Assert.AreEqual(1, json.GetProperty("top").EnumerateArray().Sum(entry => entry.GetProperty("probability").GetDouble()), 1e-5);
        }
    }

    [TestMethod]
    public void ATableHasAHeaderAndTheSameNumberOfFieldsInEachLine()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Image("red"), folder.File("a, \"b\".png"));
        string missing = folder.File("missing.png"), table = folder.File("table.csv");

        var run = CliRun.Of("predict", ColoredModel.Zip, folder.File("a, \"b\".png"), missing, "--format", "csv");
        File.WriteAllText(table, run.Output);
        var lines = CsvTable.Read(table);

        CollectionAssert.AreEqual("path,error,label,probability,label2,probability2,label3,probability3".Split(','), lines[0]);
        Assert.AreEqual(folder.File("a, \"b\".png"), lines[1][0]);
        Assert.AreEqual("red", lines[1][2]);
        CollectionAssert.AreEqual(new[] { missing, "it does not exist", "", "", "", "", "", "" }, lines[2]);
    }

    [TestMethod]
    [DataRow('\n')]
    [DataRow('\0')]
    public void PathsComeFromStandardInput(char separator)
    {
        string paths = string.Join(separator, ColoredModel.Image("red"), ColoredModel.Image("blue")) + separator;

        var run = CliRun.WithInput(Encoding.UTF8.GetBytes(paths), "predict", ColoredModel.Zip, "-");

        Assert.AreEqual(0, run.ExitCode, run.Error);
        Assert.HasCount(2, run.OutputLines);
        StringAssert.StartsWith(run.OutputLines[1], ColoredModel.Image("blue"));
    }

    [TestMethod]
    public void TheBytesOfAnImageComeFromStandardInput()
    {
        var run = CliRun.WithInput(File.ReadAllBytes(ColoredModel.Image("green")), "predict", ColoredModel.Zip, "-");

        Assert.AreEqual(0, run.ExitCode, run.Error);
        StringAssert.StartsWith(run.Output, "-: green ");
    }

    [TestMethod]
    public void ACorruptImageDoesNotStopTheOthersAndTheExitCodeIsOne()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("broken.jpg"), "not a photo");
        File.Copy(ColoredModel.Image("red"), folder.File("red.png"));

        var run = CliRun.Of("predict", ColoredModel.Zip, folder.Path, "--format", "json");

        Assert.AreEqual(1, run.ExitCode);
        Assert.HasCount(2, run.OutputLines);
        StringAssert.StartsWith(JsonDocument.Parse(run.OutputLines[0]).RootElement.GetProperty("error").GetString(), "cannot be read as an image: ");
        Assert.AreEqual("red", JsonDocument.Parse(run.OutputLines[1]).RootElement.GetProperty("label").GetString());
        StringAssert.Contains(run.Error, "broken.jpg: ");
        StringAssert.Contains(run.Error, "1 of 2 images could not be used.");
    }

    [TestMethod]
    public void APipelineThatStartsWithPathsWorks()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var images = context.Data.LoadImagesFromFolder(ColoredModel.Images);
        using var model = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadRawImageBytes("Bytes", imageFolder: null, "ImagePath"))
            .Append(context.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
            {
                FeatureColumnName = "Bytes",
                ScoreColumnName = "Chances",
                Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 16, PatchSize = 8, Depth = 1, EmbeddingDimension = 24, Heads = 2 },
                Epoch = 1,
            })).Fit(images);
        context.Model.Save(model, images.Schema, folder.File("m.zip"));

        var run = CliRun.Done("predict", folder.File("m.zip"), ColoredModel.Image("red"));

        Assert.HasCount(1, run.OutputLines);
    }

    [TestMethod]
    [DataRow("p.csv", "path,error,label,")]
    [DataRow("p.json", "{\"path\":")]
    [DataRow("p.txt", "/")]
    public void TheExtensionOfTheOutputFileChoosesTheFormat(string name, string start)
    {
        using var folder = new TemporaryFolder();

        CliRun.Done("predict", ColoredModel.Zip, ColoredModel.Image("red"), "--out", folder.File(name));

        string text = File.ReadAllText(folder.File(name));
        Assert.AreEqual(start == "/" ? ColoredModel.Image("red")[..1] : start, text[..Math.Min(text.Length, start.Length)]);
    }
}
