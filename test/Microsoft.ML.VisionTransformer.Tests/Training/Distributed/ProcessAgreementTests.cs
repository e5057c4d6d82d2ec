// Descriptions of differences between processes.
using Microsoft.ML.VisionTransformer.Training.Distributed;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Distributed;

[TestClass]
public sealed class ProcessAgreementTests
{
    [TestMethod]
    public void EachDifferenceIsNamedOnceWithTheRank()
    {
        Dictionary<string, string>[] all =
        [
            new() { ["Epoch"] = "8", ["Arch"] = new string('a', 50), ["Seed"] = "1" },
            new() { ["Epoch"] = "8", ["Arch"] = new string('a', 50), ["Seed"] = "1" },
            new() { ["Epoch"] = "9", ["Arch"] = new string('b', 50) },
            new() { ["Epoch"] = "9", ["Arch"] = new string('b', 50), ["Seed"] = "1" },
        ];

        string[] differences = [.. ProcessAgreement.Differences(all)];

        CollectionAssert.AreEqual(
            new[] { "Arch: rank 2 differs from rank 0", "Epoch: 8 on rank 0 and 9 on rank 2", "Seed: 1 on rank 0 and missing on rank 2" }, differences);
    }
}
