// The CSV file of metrics: its lines, and which of them a resumed run keeps.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Logging;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Logging;

[TestClass]
public sealed class MetricsTableTests : IDisposable
{
    private const string Header = "epoch,loss,accuracy\r\n";

    private readonly TemporaryFolder _folder = new();

    private string File => _folder.File("run", "epochs.csv");

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void EachLineIsInTheFileAtOnce()
    {
        using var table = Open();
        table.Start();
        Assert.AreEqual(Header, Text());
        table.Add(1, ("loss", 2.5), ("accuracy", 0.25));
        Assert.AreEqual(Header + "1,2.5,0.25\r\n", Text());
        table.Add(2, ("accuracy", 1));
        Assert.AreEqual(Header + "1,2.5,0.25\r\n2,,1\r\n", Text());
    }

    [TestMethod]
    public void WhatIsNotThereIsAnEmptyField()
    {
        using var table = Open();
        table.Start();
        table.Add(1, ("loss", double.NaN), ("accuracy", null));

        Assert.AreEqual(Header + "1,,\r\n", Text());
    }

    [TestMethod]
    [DataRow(0.1)]
    [DataRow(1.0 / 3)]
    [DataRow(-1e-300)]
    [DataRow(12345678.9)]
    public void NumbersAreInvariantAndReadBack(double value)
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = DecimalCommas();
        try
        {
            using var table = Open();
            table.Start();
            table.Add(1000, ("loss", value));

            string[] fields = Text().Split("\r\n")[1].Split(',');
            Assert.HasCount(3, fields);
            Assert.AreEqual("1000", fields[0]);
            Assert.AreEqual(value, double.Parse(fields[1], CultureInfo.InvariantCulture));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [TestMethod]
    public void HeadersWithCommasAndQuotesAreQuoted()
    {
        using var table = new MetricsTable(File, "epoch", "a,b", "say \"c\"");
        table.Start();

        Assert.AreEqual("epoch,\"a,b\",\"say \"\"c\"\"\"\r\n", Text());
    }

    [TestMethod]
    public void AResumedRunDropsTheLinesFromItsStepOn()
    {
        Write(Header + "1,3,\r\n2,2,\r\n3,1,\r\n10,1,\r\n");

        using var table = Open();
        table.ResumeAt(3);
        table.Add(3, ("loss", 0.5));

        Assert.AreEqual(Header + "1,3,\r\n2,2,\r\n3,0.5,\r\n", Text());
    }

    [TestMethod]
    [DataRow("1,3,\r\n2,2")]
    [DataRow("1,3,\r\n2,2,\r")]
    [DataRow("1,3,\r\n2")]
    [DataRow("1,3,\r\n\0\0\0\0")]
    [DataRow("1,3,\r\n")]
    public void ALineThatWasCutOffGoes(string lines)
    {
        Write(Header + lines);

        using var table = Open();
        table.ResumeAt(9);

        Assert.AreEqual(Header + "1,3,\r\n", Text());
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("epoch,lo")]
    [DataRow(Header)]
    public void AFileWithoutALineIsStartedAnew(string content)
    {
        Write(content);

        using var table = Open();
        table.ResumeAt(4);

        Assert.AreEqual(Header, Text());
    }

    [TestMethod]
    public void AMissingFileIsStartedAnew()
    {
        using var table = Open();
        table.ResumeAt(4);

        Assert.AreEqual(Header, Text());
    }

    [TestMethod]
    public void ATableOfOtherColumnsIsLeftAsItIs()
    {
        Write("epoch,loss\r\n1,3\r\n");
        using var table = Open();

        var error = Assert.ThrowsExactly<InvalidDataException>(() => table.ResumeAt(1));

        Assert.Contains(File, error.Message);
        Assert.AreEqual("epoch,loss\r\n1,3\r\n", Text());
    }

    [TestMethod]
    public void ANewRunDropsAllLines()
    {
        Write("something else");

        using var table = Open();
        table.Start();

        Assert.AreEqual(Header, Text());
    }

    [TestMethod]
    public void AFigureWithoutAColumnIsRefused()
    {
        using var table = Open();
        table.Start();

        Assert.ThrowsExactly<ArgumentException>(() => table.Add(1, ("los", 1)));
        Assert.AreEqual(Header, Text());
    }

    [TestMethod]
    public void AFullDiskIsAnErrorThatNamesTheFile()
    {
        Requires.FullDevice();
        using var file = AppendedFile.Open("/dev/full", FileMode.Open);

        var error = Assert.ThrowsExactly<IOException>(() => file.Append("1,2\r\n"u8));

        Assert.Contains("/dev/full", error.Message);
        Assert.Contains("cannot be written", error.Message);
    }

    [TestMethod]
    public void TheFiguresOfAnEpochHaveAColumnEach()
    {
        using var table = new MetricsTable(File, "epoch", MetricTags.OfEpoch);
        table.Start();
        table.Add(1, MetricTags.Of(new TrainingMetrics { Epoch = 1, TrainingLoss = 2, LearningRate = 0.5, Elapsed = TimeSpan.FromSeconds(3), ValidationCalibrationError = 0.125 }));

        string[] lines = Text().Split("\r\n");
        Assert.AreEqual(string.Join(',', MetricTags.OfEpoch.Prepend("epoch")), lines[0]);
        Assert.AreEqual("1,2,0,,,0.125,0.5,0,0,3", lines[1]);
    }

    private static CultureInfo DecimalCommas()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NegativeSign) = (",", "~");
        return culture;
    }

    private MetricsTable Open() => new(File, "epoch", "loss", "accuracy");

    private void Write(string text) => System.IO.File.WriteAllText(File, text);

    private string Text()
    {
        using var stream = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
