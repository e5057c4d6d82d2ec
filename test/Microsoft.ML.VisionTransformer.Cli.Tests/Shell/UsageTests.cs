// Help, and errors in the command line.
using Microsoft.ML.VisionTransformer.Cli.Settings;
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
    [DataRow("completion")]
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

        foreach (string command in new[] { "train", "evaluate", "compare", "predict", "explain", "export", "info", "features", "scaffold", "completion" })
            StringAssert.Contains(run.Output, $"\n  {command}");
    }

    [TestMethod]
    [DataRow("", "--help")]
    [DataRow("trian", "did you mean train?")]
    [DataRow("train --epoch 3", "did you mean --epochs?")]
    [DataRow("train --data x", "--out is missing")]
    [DataRow("train --out x.zip", "--data is missing")]
    [DataRow("train --data x --out x.zip --epochs many", "--epochs is 'many'; it must be a whole number")]
    [DataRow("train --data x --out x.zip --epochs 0", "--epochs is 0")]
    [DataRow("train --data x --out x.zip --learning-rate NaN", "it must be a number")]
    [DataRow("train --data x --out x.zip --strategy half", "linear-probe")]
    [DataRow("train --data x --out x.zip --arch vit_tiny_patch16_22", "vit_tiny_patch16_224")]
    [DataRow("train --data x --out x.zip --image-size 0", "48x80")]
    [DataRow("train --data x --out x.zip --augmentation much", "three-augment")]
    [DataRow("train --data x --out x.zip --strategy fine-tune", "--strategy is fine-tune and --pretrained is not given")]
    [DataRow("train --data x --out x.zip --test-fraction 1", "below 1")]
    [DataRow("train --data x --out x.zip --test-data y --test-fraction 0.5", "remove one of them")]
    [DataRow("train --data x --out x.zip --early-stopping-patience 0", "--early-stopping-patience")]
    [DataRow("train --resume", "--resume needs --out")]
    [DataRow("train --config no-such.json", "no-such.json")]
    [DataRow("predict", "<model> is missing (an ML.NET model.zip")]
    [DataRow("predict m.zip", "<images> is missing")]
    [DataRow("predict m.zip photos --outt x.csv", "'--outt' is not an option of predict; did you mean --out?")]
    [DataRow("predict m.zip photos --out", "--out has no value (the output file")]
    [DataRow("predict --modle m.zip photos", "'--modle' is not an option of predict")]
    [DataRow("info --formatt json", "'--formatt' is not an option of info; did you mean --format?")]
    [DataRow("features m.zip x.jpg --normalise", "did you mean --normalize?")]
    [DataRow("explain m.zip x.jpg --klass red", "did you mean --class?")]
    [DataRow("evaluate m.zip --dat x", "did you mean --data?")]
    [DataRow("scaffold m.zip --ot x", "did you mean --out?")]
    [DataRow("export onnx m.zip --otu x.onnx", "did you mean --out?")]
    [DataRow("train --data --oot x.zip", "'--oot' is not an option of train; did you mean --out?")]
    [DataRow("train --data x --out x.zip --report x.zip", "--report and --out are the same file")]
    [DataRow("predict m.zip x.jpg --format xml", "text, json, csv")]
    [DataRow("predict m.zip x.jpg --top abc", "--top is 'abc'; it must be a whole number, at least 0.")]
    [DataRow("predict m.zip x.jpg --top 99999999999", "it must be a whole number")]
    [DataRow("export onnx m.zip --out m.onnx --batch-size 0", "--batch-size is '0'; it must be a whole number, at least 1.")]
    [DataRow("completion csh", "it can be bash or powershell")]
    [DataRow("train --data x --out x.zip --early-stopping-patience 0", "--early-stopping-patience is 0")]
    [DataRow("predict m.zip x.jpg --top -1", "at least 0")]
    [DataRow("evaluate m.zip", "--data")]
    [DataRow("explain m.zip x.jpg --method guess", "rollout")]
    [DataRow("export onnx m.zip", "--out")]
    [DataRow("export", "No command was given; expected one of onnx, safetensors.")]
    [DataRow("completion fish", "bash")]
    [DataRow("info m.zip n.zip", "is an unexpected argument")]
    [DataRow("scaffold m.zip --out x --name 1st", "capital letter")]
    public void AWrongCommandLineEndsWithExitCodeTwoAndOneLine(string line, string reason)
    {
        var run = CliRun.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        run.AssertFailed(2, reason);
    }

    [TestMethod]
    public void AFileWhoseNameStartsWithADashFollowsTwoDashes()
    {
        var run = CliRun.Of("predict", ColoredModel.Zip, "--", "-photo.jpg");

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Error, "-photo.jpg: it does not exist");
    }

    [TestMethod]
    public void NoLineOfAHelpIsLongerThanAHundredColumns()
    {
        foreach (string command in new[] { "", "train", "evaluate", "predict", "explain", "export onnx", "export safetensors", "info", "features", "scaffold", "completion" })
        {
            foreach (string help in new[] { CliRun.Done([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]).Output, CliRun.Done("train", "--help-all").Output })
                Assert.IsEmpty(help.Split('\n').Where(line => line.Length > 100), command);
        }
    }

    [TestMethod]
    public void TheHelpOfTrainShowsAdvancedOptionsOnRequest()
    {
        string basic = CliRun.Done("train", "--help").Output, all = CliRun.Done("train", "--help-all").Output;

        StringAssert.Contains(basic, "--data <folder>                 Required. ");
        StringAssert.Contains(basic, "--help-all");
        Assert.DoesNotContain("--ema-decay", basic);
        foreach (var setting in TrainSettings.All)
            StringAssert.Contains(all, $"  {setting.Option} ");
    }

    [TestMethod]
    [DataRow("trai", "train")]
    [DataRow("train --strategy ", "linear-probe")]
    [DataRow("predict m.zip x.jpg --format ", "csv")]
    [DataRow("train --learning-rate-s", "--learning-rate-schedule")]
    public void TheToolCompletesCommandsOptionsAndValues(string typed, string expected)
    {
        string line = $"mlnet-vit {typed}";

        var run = CliRun.Done($"[suggest:{line.Length}]", line);

        CollectionAssert.Contains(run.Output.Split('\n', StringSplitOptions.TrimEntries), expected);
    }
}
