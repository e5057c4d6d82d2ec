// Training with a limit on image memory: the same model, bounded memory, no leftover files, clear errors.
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Data;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class ImageMemoryTests
{
    private const int MiB = 1 << 20;

    [TestMethod]
    [DataRow(0L)]
    [DataRow(20_000L)]
    public void TheLimitDoesNotChangeTheModel(long limit)
    {
        using var folder = new TemporaryFolder();

        float[] expected = TrainAndScore(null, null), found = TrainAndScore(limit, folder.Path);

        CollectionAssert.AreEqual(expected, found);
    }

    [TestMethod]
    public void ADataSetTenTimesTheLimitIsReadInFlatMemory()
    {
        const int Limit = 2 * MiB, Image = 100_000;
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var plan = TinyTraining.Options().ToPlan(seed: 1);
        using var store = new ImageStore(Limit, folder.Path);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        var rows = TrainingRows.Read(context.Data.LoadFromEnumerable(Noise(10 * Limit / Image, Image)), plan, store, () => { }).Rows;

        long taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.HasCount(10 * Limit / Image, rows);
        Assert.IsLessThanOrEqualTo(Limit, store.BytesInMemory);
        Assert.IsGreaterThan(Limit - Image, store.BytesInMemory);
        Assert.AreEqual((long)rows.Length * Image, store.BytesInMemory + store.BytesInFile);
        Assert.IsLessThan(Limit + MiB, taken, "the rest is in the file");
        GC.KeepAlive(rows);
    }

    [TestMethod]
    public void AMillionRowsInTheFileTakeUnder200BytesEach()
    {
        const int Rows = 20_000;
        using var folder = new TemporaryFolder();
        using var store = new ImageStore(0, folder.Path);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        var rows = TrainingRows.Read(new MLContext().Data.LoadFromEnumerable(Noise(Rows, 10)), TinyTraining.Options().ToPlan(seed: 1), store, () => { }).Rows;

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Rows;
        Assert.IsLessThan(200, each);
        GC.KeepAlive(rows);
    }

    [TestMethod]
    [DataRow("to the end")]
    [DataRow("cancelled")]
    [DataRow("failed")]
    public void OfTheImagesNothingIsLeftInTheWorkspace(string end)
    {
        using var folder = new TemporaryFolder();
        using var cancel = new CancellationTokenSource();
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options(epochs: 2);
        (options.ImageMemoryLimitBytes, options.WorkspacePath, options.CancellationToken) = (0, folder.Path, cancel.Token);
        options.MetricsCallback = _ => Act();

        if (end == "to the end")
            TinyTraining.Train(context, TinyTraining.Data(context), options).Dispose();
        else if (end == "cancelled")
            Assert.Throws<OperationCanceledException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));
        else
            Assert.ThrowsExactly<InvalidTimeZoneException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));

        string[] left = [.. Directory.GetFileSystemEntries(folder.Path).Select(path => Path.GetFileName(path)!).Where(name => name is not ("training.lock" or "training-checkpoint.safetensors" or "training-checkpoint.previous.safetensors"))];
        Assert.IsEmpty(left);

        void Act()
        {
            if (end == "cancelled")
                cancel.Cancel();
            if (end == "failed")
                throw new InvalidTimeZoneException();
        }
    }

    [TestMethod]
    public void AWorkspaceThatTakesNoFileIsAnErrorThatNamesTheFolderAndTheOption()
    {
        using var folder = new TemporaryFolder();
        string notAFolder = folder.File("taken");
        File.WriteAllText(notAFolder, "");
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        (options.ImageMemoryLimitBytes, options.WorkspacePath) = (0, notAFolder);

        var error = Assert.ThrowsExactly<IOException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));

        Assert.Contains(notAFolder, error.Message);
        Assert.Contains("WorkspacePath", error.Message);
    }

    [TestMethod]
    public void AFileThatVanishesBetweenEpochsIsAnErrorThatNamesIt()
    {
        using var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.Path, perClass: 16);
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options(epochs: 4);
        options.FeatureColumnName = "ImagePath";
        options.MetricsCallback = metrics =>
        {
            if (metrics.Phase == TrainingPhase.Epoch)
                Directory.Delete(Path.Combine(folder.Path, "red"), recursive: true);
        };

        var error = Assert.ThrowsExactly<InvalidImageException>(() => TinyTraining.Train(context, context.Data.LoadImagesFromFolder(folder.Path), options));

        Assert.Contains("red", error.Message);
        Assert.Contains("row", error.Message);
        Assert.Contains("Correct the path or leave the row out", error.Message);
        Directory.CreateDirectory(Path.Combine(folder.Path, "red"));
    }

    private static float[] TrainAndScore(long? limit, string? folder)
    {
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        var options = TinyTraining.Options(epochs: 2);
        (options.ImageMemoryLimitBytes, options.WorkspacePath) = (limit, folder);
        using var model = TinyTraining.Train(context, data, options);
        return [.. TinyTraining.Scores(model.Transform(data)).SelectMany(s => s)];
    }

    private static IEnumerable<KeyedImage> Noise(int rows, int size)
    {
        for (int i = 0; i < rows; i++)
        {
            byte[] content = new byte[size];
            new Random(i).NextBytes(content);
            yield return new KeyedImage { Image = content, Label = 1 };
        }
    }
}
