// The command line that repeats a training.
using Microsoft.ML.VisionTransformer.Cli.Settings;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Evaluation;

[TestClass]
public sealed class RepeatCommandTests
{
    [TestMethod]
    public void ItHasTheSettingsInTheOrderOfTheHelp_AndTheSeed() => Assert.AreEqual(
        "mlnet-vit train --data flowers --out flowers.zip --seed 0 --strategy linear-probe --calibrate",
        Of(("calibrate", "true"), ("strategy", "linear-probe"), ("out", "flowers.zip"), ("data", "flowers"), ("workspace", "/somewhere/flowers.training")));

    [TestMethod]
    public void ASeedThatWasGivenIsNotRepeated() => Assert.AreEqual("mlnet-vit train --seed 3", Of(("seed", "3")));

    [TestMethod]
    public void ASwitchThatIsOffSaysSo() => Assert.AreEqual("mlnet-vit train --seed 0 --horizontal-flip false", Of(("horizontal-flip", "false")));

    [TestMethod]
    public void PathsInTheCurrentFolderAreRelative_OthersAreTheirLastName()
    {
        string current = Environment.CurrentDirectory;
        string outside = Path.Combine(Path.GetPathRoot(current)!, "secret", "models", "vit-tiny");

        Assert.AreEqual(
            $"mlnet-vit train --data {Quoted(Path.Combine("data", "my flowers"))} --seed 0 --pretrained vit-tiny",
            Of(("data", Path.Combine(current, "data", "my flowers")), ("pretrained", outside)));
    }

    [TestMethod]
    [DataRow("it's", "'it'\\''s'")]
    [DataRow("a b", "'a b'")]
    [DataRow("$HOME;rm", "'$HOME;rm'")]
    [DataRow("", "''")]
    [DataRow("timm/vit_tiny_patch16_224.augreg", "timm/vit_tiny_patch16_224.augreg")]
    [DataRow("größe", "'größe'")]
    public void WordsAreQuotedForAShell(string given, string expected) => Assert.AreEqual($"mlnet-vit train --seed 0 --pretrained {expected}", Of(("pretrained", given)));

    private static string Quoted(string word) => $"'{word}'";

    private static string Of(params (string Name, string Value)[] settings) =>
        RepeatCommand.Of(settings.ToDictionary(s => s.Name, s => new SettingValue($"--{s.Name}", s.Value)), forReport: true, seed: 0);
}
