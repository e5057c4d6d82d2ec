// TensorBoard event files, read back byte by byte.
using System.Text;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Logging;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Logging;

[TestClass]
public sealed class TensorBoardEventsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The check value of the polynomial, and the examples of RFC 3720, appendix B.4.</summary>
    [TestMethod]
    [DataRow("313233343536373839", 0xE3069283u)]
    [DataRow("", 0u)]
    [DataRow("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AAu)]
    [DataRow("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43u)]
    [DataRow("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794Eu)]
    public void ChecksumsAreCastagnolis(string hex, uint expected) => Assert.AreEqual(expected, RecordFile.Crc32C(Convert.FromHexString(hex)));

    [TestMethod]
    public void AFileReadsBack()
    {
        var clock = new FixedClock(1_700_000_000.25);
        using var events = new TensorBoardEvents(_folder.File("runs", "one"), clock);
        events.Add(0, (MetricTags.TrainingLoss, 2.5));
        events.Add(300, (MetricTags.TrainingLoss, 1e-3), (MetricTags.ValidationAccuracy, 0.75), ("Zahl/größe", double.PositiveInfinity));
        events.Add(5_000_000_000, (MetricTags.LearningRate, -1));

        var read = EventFile.Read(events.Path);

        Assert.HasCount(4, read);
        Assert.AreEqual("brain.Event:2", read[0].FileVersion);
        Assert.IsTrue(read.TrueForAll(e => e.WallTime == 1_700_000_000.25));
        CollectionAssert.AreEqual(new long[] { 0, 0, 300, 5_000_000_000 }, read.Select(e => e.Step).ToArray());
        Assert.AreEqual(2.5f, read[1].Scalars[MetricTags.TrainingLoss]);
        Assert.AreEqual(1e-3f, read[2].Scalars[MetricTags.TrainingLoss]);
        Assert.AreEqual(0.75f, read[2].Scalars[MetricTags.ValidationAccuracy]);
        Assert.AreEqual(float.PositiveInfinity, read[2].Scalars["Zahl/größe"]);
        Assert.AreEqual(-1f, read[3].Scalars[MetricTags.LearningRate]);
    }

    [TestMethod]
    public void TheFirstRecordHasTheseBytes()
    {
        using var events = new TensorBoardEvents(_folder.Path, new FixedClock(0));

        // 24 bytes: wall time 0, "brain.Event:2".
        byte[] bytes = File.ReadAllBytes(events.Path);
        Assert.AreEqual("1800000000000000", Convert.ToHexString(bytes[..8]));
        Assert.AreEqual("090000000000000000" + "1A0D" + Convert.ToHexString(Encoding.ASCII.GetBytes("brain.Event:2")), Convert.ToHexString(bytes[12..36]));
        Assert.HasCount(40, bytes);
    }

    [TestMethod]
    public void WhatIsNotThereIsLeftOut()
    {
        using var events = new TensorBoardEvents(_folder.Path);
        events.Add(1, (MetricTags.TrainingLoss, 2), (MetricTags.ValidationLoss, null), (MetricTags.CalibrationError, double.NaN));
        events.Add(2, (MetricTags.ValidationLoss, null));

        var read = EventFile.Read(events.Path);

        Assert.HasCount(2, read);
        Assert.AreEqual(MetricTags.TrainingLoss, read[1].Scalars.Keys.Single());
    }

    [TestMethod]
    public void AResumedRunHasAFileOfItsOwnThatHidesLaterSteps()
    {
        string first;
        using (var events = new TensorBoardEvents(_folder.Path))
        {
            first = events.Path;
            events.Add(7, (MetricTags.TrainingLoss, 1));
        }

        using var resumed = new TensorBoardEvents(_folder.Path);
        resumed.ResumeAt(5);

        Assert.AreNotEqual(first, resumed.Path);
        Assert.HasCount(2, EventFile.Read(first));
        var read = EventFile.Read(resumed.Path);
        Assert.AreEqual(5, read[1].Step);
        Assert.AreEqual(1, read[1].SessionStatus);
    }

    [TestMethod]
    public void TheNameIsOneThatTensorBoardLooksFor()
    {
        using var events = new TensorBoardEvents(_folder.Path, new FixedClock(1_700_000_000.9));

        Assert.StartsWith("events.out.tfevents.1700000000.", Path.GetFileName(events.Path));
    }

    [TestMethod]
    public void AFolderThatIsAFileIsAnErrorThatNamesIt()
    {
        string path = _folder.File("file");
        File.WriteAllText(path, "");

        var error = Assert.ThrowsExactly<IOException>(() => new TensorBoardEvents(path));

        Assert.Contains(path, error.Message);
    }

    private sealed class FixedClock(double seconds) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(seconds);
    }
}
