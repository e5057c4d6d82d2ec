// Messages of the library with the names of options.
using Microsoft.ML.VisionTransformer.Cli.Settings;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Settings;

[TestClass]
public sealed class OptionNamesTests
{
    [TestMethod]
    [DataRow("Strategy is FineTune and PretrainedModel is null; set one.", "--strategy is fine-tune and --pretrained is not given; set one.")]
    [DataRow("ends early, or set ImagePreprocessing.AllowTruncated to accept a partial image.", "ends early, or set --allow-truncated to accept a partial image.")]
    [DataRow("Make it smaller, leave it out, or raise ImagePreprocessing.MaxPixels.", "Make it smaller, or leave it out.")]
    [DataRow("Lower LearningRate (it is 1), lengthen WarmupEpochs, or set ClipGradientNorm (it is 0).", "Lower --learning-rate (it is 1), lengthen --warmup-epochs, or set --clip-gradient-norm (it is 0).")]
    [DataRow("Epoch is 0; it must be at least 1.", "--epochs is 0; it must be at least 1.")]
    [DataRow("or set WorkspacePath to another folder.", "or set --workspace to another folder.")]
    [DataRow("A linear probe does not use LabelSmoothing: set Strategy to FineTune.", "A linear probe does not use --label-smoothing: set --strategy to fine-tune.")]
    [DataRow("differs from this one: Arch; labels or weights of the training rows.", "differs from this one: --arch; labels or weights of the training rows.")]
    [DataRow("give a ValidationSet, or more rows for ValidationSetFraction.", "give more rows for --validation-fraction.")]
    [DataRow("Depth perception is not a setting. Data is.", "Depth perception is not a setting. Data is.")]
    [DataRow("The class 'FineTuneRose' has 1 image.", "The class 'FineTuneRose' has 1 image.")]
    public void ALibraryMessageNamesTheOptionsThatTheUserTyped(string message, string expected) => Assert.AreEqual(expected, OptionNames.InMessage(message));

    [TestMethod]
    public void AdviceWithoutAnOptionIsLeftOut() => Assert.AreEqual(
        "a.jpg ends early. Replace the file or leave it out.",
        OptionNames.WithoutPropertyHints("a.jpg ends early. Replace the file or leave it out, or set ImagePreprocessing.AllowTruncated to accept a partial image."));
}
