// Two processes request the same file: one downloads it, the other waits.
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Hub;

[TestClass]
public sealed class HubLockTests
{
    [TestMethod]
    public void ABlobThatAnotherProcessDownloads_IsWaitedForAndNotFetched()
    {
        using var scene = new HubScene();
        var held = Hold(scene);
        scene.Settings = scene.Settings with { LockInterval = TimeSpan.FromMilliseconds(1) };
        var waiting = new TaskCompletionSource();
        var resolve = Task.Run(() => HubModel.Resolve(HubScene.Model, scene.Settings, Log, CancellationToken.None));

        waiting.Task.GetAwaiter().GetResult();
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.WriteAllBytes(scene.Cached("blobs", HubServer.Sha256(HubScene.WeightBytes)), HubScene.WeightBytes);
        held.Dispose();

        scene.AssertWhole(resolve.GetAwaiter().GetResult());
        Assert.IsEmpty(scene.Hub.Gets(HubScene.Weights));
        Assert.HasCount(1, scene.Log.Where(IsAboutTheWait));

        void Log(string line)
        {
            scene.Log.Add(line);
            if (IsAboutTheWait(line))
                waiting.SetResult();
        }
    }

    [TestMethod]
    public void AProcessThatGivesUp_LeavesTheDownloadToTheNext()
    {
        using var scene = new HubScene();
        using var held = Hold(scene);

        string path = HubModel.Resolve(HubScene.Model, scene.Settings, line =>
        {
            if (IsAboutTheWait(line))
                held.Dispose();
        }, CancellationToken.None);

        scene.AssertWhole(path);
        Assert.HasCount(1, scene.Hub.Gets(HubScene.Weights));
    }

    [TestMethod]
    public void Cancelling_EndsTheWait()
    {
        using var scene = new HubScene();
        using var held = Hold(scene);
        using var cancel = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => HubModel.Resolve(HubScene.Model, scene.Settings, line =>
        {
            if (IsAboutTheWait(line))
                cancel.Cancel();
        }, cancel.Token));

        Assert.IsEmpty(scene.Hub.Gets(HubScene.Weights));
    }

    [TestMethod]
    public void ManyAtOnce_DownloadEachFileOnce()
    {
        using var scene = new HubScene();

        string[] paths = [.. Enumerable.Range(0, 6)
            .Select(_ => Task.Run(() => HubModel.Resolve(HubScene.Model, scene.Settings, _ => { }, CancellationToken.None)))
            .ToArray().Select(t => t.GetAwaiter().GetResult()).Distinct()];

        Assert.HasCount(1, paths);
        Assert.HasCount(3, scene.Hub.Requests.Where(r => r.Method == "GET"));
    }

    private static bool IsAboutTheWait(string line) =>
        line.StartsWith("Another process is downloading model.safetensors of owner/tiny-vit; waiting for ", StringComparison.Ordinal);

    private static FileStream Hold(HubScene scene)
    {
        string path = Path.Combine(scene.Settings.CacheFolder, ".locks", "models--owner--tiny-vit", HubServer.Sha256(HubScene.WeightBytes) + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }
}
