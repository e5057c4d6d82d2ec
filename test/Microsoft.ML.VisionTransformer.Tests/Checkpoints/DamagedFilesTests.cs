// A few hundred mutated files of each format with a fixed seed: each is loaded or rejected with the documented exception. The fuzzer runs many more.
using Microsoft.ML.VisionTransformer.Fuzz;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class DamagedFilesTests
{
    private const int Cases = 300;

    [TestMethod]
    [DataRow("model")]
    [DataRow("safetensors")]
    [DataRow("index")]
    [DataRow("npz")]
    [DataRow("pth")]
    [DataRow("onnx")]
    [DataRow("config")]
    [DataRow("processor")]
    public void ChangedFilesAreReadOrRefused(string name)
    {
        var format = FileFormat.All[name](TestData.Path("golden", "checkpoints"), 1);
        var outcomes = Enumerable.Range(0, Cases).CountBy(number =>
        {
            using var folder = new TemporaryFolder();
            return format.Run(format.Make(number), number, folder.Path);
        }).ToDictionary();

        Assert.IsGreaterThan(Cases / 50, outcomes.GetValueOrDefault(FuzzOutcome.Decoded), "changes that do no harm are part of it");
        Assert.IsGreaterThan(Cases / 5, outcomes.GetValueOrDefault(FuzzOutcome.Refused));
    }

    [TestMethod]
    public void EveryFormatHasItsLine() => Assert.HasCount(8, FileFormat.All);

    [TestMethod]
    public void TheSameNumberGivesTheSameFile()
    {
        string folder = TestData.Path("golden", "checkpoints");
        CollectionAssert.AreEqual(FileFormat.All["safetensors"](folder, 1).Make(3), FileFormat.All["safetensors"](folder, 1).Make(3));
        CollectionAssert.AreNotEqual(FileFormat.All["safetensors"](folder, 1).Make(3), FileFormat.All["safetensors"](folder, 2).Make(3));
    }
}
