// A model file that changes while the classifier works: a good one is used, a broken one changes nothing.
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.ML.VisionTransformer.Hosting.Models;
using Microsoft.ML.VisionTransformer.Hosting.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests;

[TestClass]
public sealed class ReloadTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task AChangedFileIsUsedAndTheOldModelFreed(bool renamed)
    {
        int alive = ServedModel.Alive;
        using var host = new HostedClassifier(TrainedModels.First);
        byte[] photo = TrainedModels.Photos[0];
        var before = TrainedModels.Expected(host.ModelPath, [photo])[0];
        CollectionAssert.AreEqual(before, await ClassesAsync(host, photo));

        Replace(host.ModelPath, TrainedModels.Second, renamed);
        await Eventually.HoldsAsync(async () => !(await ClassesAsync(host, photo)).SequenceEqual(before), "the new model is used");

        var after = TrainedModels.Expected(host.ModelPath, [photo])[0];
        CollectionAssert.AreNotEqual(before, after);
        CollectionAssert.AreEqual(after, await ClassesAsync(host, photo));
        await Eventually.HoldsAsync(() => ServedModel.Alive == alive + 1, "the old model is freed");
        await Eventually.HoldsAsync(() => host.Log.Contains($"Information: Loaded the changed model file {host.ModelPath}."), "the log says so");
        Assert.IsNull(host.Classifier.ReloadError);
    }

    [TestMethod]
    public async Task ABrokenFileKeepsTheOldModelUntilAGoodOneComes()
    {
        int alive = ServedModel.Alive;
        using var host = new HostedClassifier(TrainedModels.First);
        byte[] photo = TrainedModels.Photos[0];
        var before = await ClassesAsync(host, photo);

        Replace(host.ModelPath, TrainedModels.Second[..(TrainedModels.Second.Length / 2)], renamed: false);
        await Eventually.HoldsAsync(() => host.Log.Any(l => l.StartsWith("Error: ", StringComparison.Ordinal)), "the error is logged");

        CollectionAssert.AreEqual(before, await ClassesAsync(host, photo));
        StringAssert.Contains(host.Log.Single(l => l.StartsWith("Error: ", StringComparison.Ordinal)), $"{host.ModelPath} could not be loaded; the model that was loaded before is still in use");
        var health = await host.HealthAsync(Cancellation);
        Assert.AreEqual(HealthStatus.Degraded, health.Status);
        StringAssert.Contains(health.Description, "the previous model is in use");
        Assert.AreSame(host.Classifier.ReloadError, health.Exception);
        Assert.AreEqual(alive + 1, ServedModel.Alive, "nothing of the broken file is left");

        Replace(host.ModelPath, TrainedModels.Second, renamed: false);
        await Eventually.HoldsAsync(async () => (await host.HealthAsync(Cancellation)).Status == HealthStatus.Healthy, "the good file is used");
        CollectionAssert.AreEqual(TrainedModels.Expected(host.ModelPath, [photo])[0], await ClassesAsync(host, photo));
    }

    [TestMethod]
    public async Task ARequestInProgressEndsWithTheOldModelWhichIsFreedThen()
    {
        int alive = ServedModel.Alive;
        using var host = new HostedClassifier(TrainedModels.First);
        var expected = TrainedModels.Expected(host.ModelPath, [TrainedModels.Slow])[0];
        using var old = ServedModel.Load(new VisionTransformerClassifierOptions { Model = host.ModelPath });
        Assert.IsTrue(old.TryUse());

        old.Dispose();

        Assert.IsFalse(old.TryUse(), "no new requests");
        Assert.AreEqual(alive + 2, ServedModel.Alive, "in use");
        CollectionAssert.AreEqual(expected.OrderBy(c => c.Index).Select(c => c.Probability).ToArray(), old.Score(TrainedModels.Slow));
        old.Release();
        Assert.AreEqual(alive + 1, ServedModel.Alive);
        await ClassesAsync(host, TrainedModels.Photos[0]);
    }

    [TestMethod]
    public async Task RequestsDuringReloadsAllGetTheScoresOfOneOfTheModels()
    {
        using var host = new HostedClassifier(TrainedModels.First);
        byte[] photo = TrainedModels.Photos[0];
        var first = TrainedModels.Expected(host.ModelPath, [photo])[0];
        Replace(host.ModelPath, TrainedModels.Second, renamed: true);
        var second = TrainedModels.Expected(host.ModelPath, [photo])[0];
        var clock = System.Diagnostics.Stopwatch.StartNew();

        await Parallel.ForEachAsync(Enumerable.Range(0, 4), Cancellation, async (client, _) =>
        {
            for (int i = 0; clock.Elapsed < TimeSpan.FromSeconds(3); i++)
            {
                if (client == 0 && i % 50 == 0)
                    Replace(host.ModelPath, i % 100 == 0 ? TrainedModels.First : TrainedModels.Second, renamed: true);
                var classes = await ClassesAsync(host, photo);
                Assert.IsTrue(classes.SequenceEqual(first) || classes.SequenceEqual(second));
            }
        });
    }

    [TestMethod]
    public async Task WithoutReloadOnChange_TheFileMayGo()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => o.ReloadOnChange = false);
        var before = await ClassesAsync(host, TrainedModels.Photos[0]);

        Replace(host.ModelPath, TrainedModels.Second, renamed: false);
        await Task.Delay(1500, Cancellation);

        CollectionAssert.AreEqual(before, await ClassesAsync(host, TrainedModels.Photos[0]));
    }

    private static void Replace(string path, byte[] model, bool renamed)
    {
        if (!renamed)
        {
            File.WriteAllBytes(path, model);
            return;
        }

        string beside = path + ".new";
        File.WriteAllBytes(beside, model);
        File.Move(beside, path, overwrite: true);
    }

    private async Task<ClassProbability[]> ClassesAsync(HostedClassifier host, byte[] photo) => [.. await host.Classifier.ClassifyAsync(photo, Cancellation)];
}
