// Help, and errors in the command line.
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Shell;

[TestClass]
public sealed class UsageTests
{
    [TestMethod]
    [DataRow("train")]
    [DataRow("evaluate")]
    [DataRow("predict")]
    [DataRow("explain")]
    [DataRow("export")]
    [DataRow("export onnx")]
    [DataRow("export safetensors")]
    [DataRow("info")]
    [DataRow("features")]
    [DataRow("scaffold")]
    public void TheHelpOfEachCommandHasExamplesAndGoesToStandardOutput(string command)
    {
        var run = CliRun.Done([.. command.Split(' '), "--help"]);

        StringAssert.Contains(run.Output, "Examples:");
        StringAssert.Contains(run.Output, $"mlnet-vit {command} ");
        Assert.AreEqual("", run.Error);
    }

    [TestMethod]
    public void TheHelpOfTheToolListsTheCommands()
    {
        var run = CliRun.Done("--help");

        foreach (string command in new[] { "train", "evaluate", "compare", "predict", "explain", "export", "info", "features", "scaffold" })
            StringAssert.Contains(run.Output, $"\n  {command}");
    }

    [TestMethod]
    [DataRow("", "--help")]
    [DataRow("trian", "nearest is train")]
    [DataRow("train --epoch 3", "nearest is --epochs")]
    [DataRow("train --data x", "--out is missing")]
    [DataRow("train --out x.zip", "--data is missing")]
    [DataRow("train --data x --out x.zip --epochs many", "--epochs is 'many'; it must be a whole number")]
    [DataRow("train --data x --out x.zip --epochs 0", "--epochs: Epoch is 0")]
    [DataRow("train --data x --out x.zip --learning-rate NaN", "it must be a number")]
    [DataRow("train --data x --out x.zip --strategy half", "linear-probe")]
    [DataRow("train --data x --out x.zip --arch vit_tiny_patch16_22", "vit_tiny_patch16_224")]
    [DataRow("train --data x --out x.zip --image-size 0", "48x80")]
    [DataRow("train --data x --out x.zip --augmentation much", "three-augment")]
    [DataRow("train --data x --out x.zip --strategy fine-tune", "PretrainedModel")]
    [DataRow("train --data x --out x.zip --test-fraction 1", "below 1")]
    [DataRow("train --data x --out x.zip --test-data y --test-fraction 0.5", "remove one of them")]
    [DataRow("train --data x --out x.zip --early-stopping-patience 0", "--early-stopping-patience")]
    [DataRow("train --resume", "--resume needs --out")]
    [DataRow("train --config no-such.json", "no-such.json")]
    [DataRow("predict", "Required argument")]
    [DataRow("predict m.zip x.jpg --format xml", "text, json, csv")]
    [DataRow("predict m.zip x.jpg --top -1", "at least 0")]
    [DataRow("evaluate m.zip", "--data")]
    [DataRow("explain m.zip x.jpg --method guess", "rollout")]
    [DataRow("export onnx m.zip", "--out")]
    [DataRow("export", "Required command")]
    [DataRow("info m.zip n.zip", "one argument too many")]
    [DataRow("scaffold m.zip --out x --name 1st", "capital letter")]
    public void AWrongCommandLineEndsWithExitCodeTwoAndOneLine(string line, string reason)
    {
        var run = CliRun.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        run.AssertFailed(2, reason);
    }
}
