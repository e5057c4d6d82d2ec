// Runs with a damaged checkpoint, and workspaces that are in use or cannot be written to.
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Checkpointing;

[TestClass]
public sealed class TrainingCheckpointTests
{
    private const string Checkpoint = "training-checkpoint.safetensors", Previous = "training-checkpoint.previous.safetensors", Damaged = "training-checkpoint.damaged.safetensors";
    private const int Flips = 30;

    private static TemporaryFolder _interrupted = null!;
    private static float[] _expected = null!;

    /// <summary>A run that was interrupted in its second epoch, with two checkpoints.</summary>
    [ClassInitialize]
    public static void InterruptOnce(TestContext _)
    {
        _interrupted = new TemporaryFolder();
        _expected = Train(null).Scores;
        using var cancel = new CancellationTokenSource();
        int steps = 0;
        Assert.Throws<OperationCanceledException>(() => Train(_interrupted.Path, o => o.CancellationToken = cancel.Token, m =>
        {
            if (m.Phase == TrainingPhase.Step && ++steps == 4)
                cancel.Cancel();
        }));
    }

    [ClassCleanup]
    public static void Clean() => _interrupted.Dispose();

    [TestMethod]
    public void EachOfThirtyFlippedBitsIsReported()
    {
        byte[] whole = File.ReadAllBytes(_interrupted.File(Checkpoint));
        var random = new Random(11);
        int reported = 0;
        for (int flip = 0; flip < Flips; flip++)
        {
            using var folder = new TemporaryFolder();
            int at = random.Next(whole.Length), bit = random.Next(8);
            File.WriteAllBytes(folder.File(Checkpoint), Flipped(whole, at, bit));

            var error = Assert.ThrowsExactly<InvalidDataException>(() => Train(folder.Path), $"byte {at}, bit {bit}");

            Assert.Contains(folder.File(Checkpoint), error.Message);
            Assert.Contains("Delete it to start over", error.Message);
            reported++;
        }

        Assert.AreEqual(Flips, reported);
    }

    /// <summary>The ends of the file, of its header and of its data.</summary>
    [TestMethod]
    public void EveryPartOfTheFileIsCovered()
    {
        byte[] whole = File.ReadAllBytes(_interrupted.File(Checkpoint));
        int header = (int)BitConverter.ToUInt64(whole);
        foreach (int at in new[] { 0, 7, 8, 8 + header / 2, 8 + header - 1, 8 + header, whole.Length - 17, whole.Length - 16, whole.Length - 1 })
        {
            using var folder = new TemporaryFolder();
            File.WriteAllBytes(folder.File(Checkpoint), Flipped(whole, at, 1));

            Assert.ThrowsExactly<InvalidDataException>(() => Train(folder.Path), $"byte {at}");
        }
    }

    [TestMethod]
    [DataRow("flip")]
    [DataRow("half")]
    [DataRow("empty")]
    public void ADamagedCheckpointIsReportedAndTheOneBeforeItUsed(string how)
    {
        using var folder = Copy();
        byte[] whole = File.ReadAllBytes(folder.File(Checkpoint));
        byte[] damaged = how switch { "flip" => Flipped(whole, whole.Length / 2, 3), "half" => whole[..(whole.Length / 2)], _ => [] };
        File.WriteAllBytes(folder.File(Checkpoint), damaged);

        var (scores, log) = Train(folder.Path);

        CollectionAssert.AreEqual(_expected, scores);
        string warning = log.Single(line => line.Contains("cannot be used", StringComparison.Ordinal));
        Assert.Contains(folder.File(Checkpoint), warning);
        Assert.Contains("The previous checkpoint is used", warning);
        CollectionAssert.AreEqual(damaged, File.ReadAllBytes(folder.File(Damaged)));
    }

    [TestMethod]
    public void TwoDamagedCheckpointsAreAnErrorThatNamesBoth()
    {
        using var folder = Copy();
        foreach (string name in new[] { Checkpoint, Previous })
            File.WriteAllBytes(folder.File(name), Flipped(File.ReadAllBytes(folder.File(name)), 5000, 2));

        var error = Assert.ThrowsExactly<InvalidDataException>(() => Train(folder.Path));

        Assert.Contains(folder.File(Checkpoint), error.Message);
        Assert.Contains(folder.File(Previous), error.Message);
    }

    [TestMethod]
    public void WithoutTheCheckpointTheRunBeginsAnew()
    {
        using var folder = Copy();
        File.Delete(folder.File(Checkpoint));

        var (scores, log) = Train(folder.Path);

        CollectionAssert.AreEqual(_expected, scores);
        Assert.IsFalse(log.Any(line => line.Contains("Resuming an interrupted run", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void ACheckpointIsNotTakenFromAnEarlierVersion()
    {
        using var folder = Copy();
        File.Delete(folder.File(Previous));
        byte[] old = [.. File.ReadAllBytes(folder.File(Checkpoint))];
        byte[] version = "\"training_checkpoint\":\"2\""u8.ToArray();
        old[old.AsSpan().IndexOf(version) + version.Length - 2] = (byte)'1';
        File.WriteAllBytes(folder.File(Checkpoint), old);

        var error = Assert.ThrowsExactly<InvalidDataException>(() => Train(folder.Path));

        Assert.Contains("has no checksum", error.Message);
    }

    [TestMethod]
    [DataRow("progress")]
    [DataRow("identity")]
    public void ACheckpointWithNullsIsRefusedThoughItsChecksumIsRight(string part)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File(Checkpoint);
        var progress = new RunProgress { Seed = 1, Step = 1, Epochs = part == "progress" ? null! : [] };
        TrainingCheckpoint.Write(path, folder.File(Previous), progress, new Dictionary<string, string> { ["Epoch"] = part == "identity" ? null! : "1" }, []);

        var error = Assert.ThrowsExactly<InvalidDataException>(() => Train(folder.Path));

        Assert.Contains(part, error.Message);
    }

    [TestMethod]
    public void TwoCheckpointsAreKept()
    {
        using var folder = new TemporaryFolder();
        Train(folder.Path);

        string[] names = [.. Directory.GetFiles(folder.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

        CollectionAssert.AreEqual(new[] { Previous, Checkpoint, "training.lock" }, names);
        CollectionAssert.AreNotEqual(Hash(folder.File(Previous)), Hash(folder.File(Checkpoint)));
    }

    [TestMethod]
    public void ATemporaryFileOfAKilledProcessIsRemoved()
    {
        using var folder = Copy();
        string left = $"{folder.File(Checkpoint)}.{Guid.NewGuid():N}.tmp", other = folder.File("notes.tmp");
        File.WriteAllText(left, "half a checkpoint");
        File.WriteAllText(other, "the user's");

        Train(folder.Path);

        Assert.IsFalse(File.Exists(left));
        Assert.IsTrue(File.Exists(other));
    }

    [TestMethod]
    public void ATrainingOfAnotherProcessKeepsItsWorkspace()
    {
        Requires.Program("flock", "util-linux");
        using var folder = Copy();
        using var process = Process.Start(new ProcessStartInfo("flock", ["-x", folder.File("training.lock"), "sleep", "60"]))!;
        string left = $"{folder.File(Checkpoint)}.{Guid.NewGuid():N}.tmp";
        File.WriteAllText(left, "being written");
        try
        {
            while (!IsLocked(folder.File("training.lock")))
                Thread.Sleep(10);

            var error = Assert.ThrowsExactly<IOException>(() => Train(folder.Path));

            Assert.Contains($"{folder.Path} is used by another training", error.Message);
            Assert.IsTrue(File.Exists(left));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
    }

    [TestMethod]
    public void AFolderThatCannotBeWrittenToIsAnErrorThatSaysSo()
    {
        Requires.Linux("a folder in which nobody, root included, can make a file");

        var error = Assert.ThrowsExactly<IOException>(() => Train("/sys/kernel"));

        Assert.Contains("The workspace /sys/kernel cannot be written to", error.Message);
        Assert.Contains("Set WorkspacePath", error.Message);
        Assert.DoesNotContain("another training", error.Message);
    }

    [TestMethod]
    public void AReadOnlyDiskIsAnErrorThatSaysSo()
    {
        SmallDisk.Require();
        using var disk = new SmallDisk(kilobytes: 64);
        disk.MakeReadOnly();

        var error = Assert.ThrowsExactly<IOException>(() => Train(disk.Path));

        Assert.Contains($"The workspace {disk.Path} cannot be written to: Read-only file system", error.Message);
    }

    [TestMethod]
    public void AFullDiskIsAnErrorAndTheLastCheckpointStays()
    {
        SmallDisk.Require();
        long one = new FileInfo(_interrupted.File(Checkpoint)).Length;
        using var disk = new SmallDisk((int)(one * 5 / 2 / 1024));

        var error = Assert.ThrowsExactly<IOException>(() => Train(disk.Path));

        Assert.Contains("could not be written: No space left on device", error.Message);
        Assert.Contains("The previous checkpoint still exists", error.Message);
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(disk.Path, Checkpoint), folder.File(Checkpoint));
        CollectionAssert.AreEqual(_expected, Train(folder.Path).Scores);
        Assert.IsEmpty(Directory.GetFiles(disk.Path, "*.tmp"));
    }

    [TestMethod]
    public void AFullFolderOfTemporaryFilesIsAnErrorThatSaysWhatToDo()
    {
        SmallDisk.Require();
        using var disk = new SmallDisk(kilobytes: 64);
        disk.Fill();

        var error = Assert.ThrowsExactly<IOException>(() => Train(disk.Path, o => o.ImageMemoryLimitBytes = 0));

        Assert.Contains($"could not be written to a temporary file in {disk.Path}", error.Message);
        Assert.Contains("No space left on device", error.Message);
        Assert.Contains("Free disk space", error.Message);
    }

    private static bool IsLocked(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static byte[] Flipped(byte[] whole, int at, int bit)
    {
        byte[] flipped = [.. whole];
        flipped[at] ^= (byte)(1 << bit);
        return flipped;
    }

    private static TemporaryFolder Copy()
    {
        var folder = new TemporaryFolder();
        foreach (string name in new[] { Checkpoint, Previous })
            File.Copy(_interrupted.File(name), folder.File(name));
        return folder;
    }

    private static byte[] Hash(string path) => SHA256.HashData(File.ReadAllBytes(path));

    /// <summary>Three epochs of three steps with momentum, average and validation; a checkpoint after each step.</summary>
    private static (float[] Scores, IReadOnlyList<string> Log) Train(
        string? workspace, Action<VisionTransformerTrainer.Options>? change = null, Action<TrainingMetrics>? callback = null)
    {
        var context = new MLContext(seed: 3);
        var log = new List<string>();
        context.Log += (_, line) => log.Add(line.RawMessage);
        var data = TinyTraining.Data(context, perClass: 10);
        var options = TinyTraining.Options(epochs: 3);
        options.EmaDecay = 0.8f;
        options.WorkspacePath = workspace;
        options.CheckpointInterval = TimeSpan.FromTicks(1);
        options.MetricsCallback = callback;
        change?.Invoke(options);
        using var model = TinyTraining.Train(context, data, options);
        return ([.. TinyTraining.Scores(model.Transform(data)).SelectMany(s => s)], log);
    }
}
