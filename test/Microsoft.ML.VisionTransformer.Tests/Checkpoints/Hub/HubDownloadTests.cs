// Interrupted, stalled and corrupt downloads: what is resumed, retried or rejected.
using Microsoft.AspNetCore.Http;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Hub;

[TestClass]
public sealed class HubDownloadTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void ADroppedConnection_IsTakenUpWhereItEnded()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, HubAnswers.Abort));

        scene.AssertWhole(scene.Resolve());

        var gets = scene.Hub.Gets(HubScene.Weights);
        Assert.HasCount(2, gets);
        Assert.AreEqual("bytes=100000-", gets[1].Range);
        Assert.Contains("was interrupted", scene.LogText);
        CollectionAssert.AreEqual(new[] { TimeSpan.FromSeconds(1) }, scene.Delays);
    }

    [TestMethod]
    public void AConnectionThatDropsAgainAndAgain_IsNotGivenUpWhileBytesArrive()
    {
        using var scene = new HubScene();
        for (int i = 0; i < 2 * scene.Settings.Attempts; i++)
        {
            scene.Hub.Fail("GET", HubScene.Weights, 1, async context =>
            {
                int from = (int?)context.Request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0;
                int length = HubScene.WeightBytes.Length;
                if (from > 0)
                    await HubServer.AnswerAsync(context, 206, ("Content-Range", $"bytes {from}-{length - 1}/{length}"));
                context.Response.ContentLength = length - from;
                await context.Response.Body.WriteAsync(HubScene.WeightBytes.AsMemory(from, 20_000));
                await context.Response.Body.FlushAsync();
                await Task.Delay(50);
                context.Abort();
            });
        }

        scene.AssertWhole(scene.Resolve());

        Assert.AreEqual("bytes=200000-", scene.Hub.Gets(HubScene.Weights)[^1].Range);
        Assert.IsTrue(scene.Delays.All(d => d == TimeSpan.FromSeconds(1)));
    }

    [TestMethod]
    public void BytesOfAnEarlierProcess_AreContinued()
    {
        using var scene = new HubScene();
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.WriteAllBytes(scene.Incomplete(), HubScene.WeightBytes[..12_345]);

        scene.AssertWhole(scene.Resolve());

        Assert.AreEqual("bytes=12345-", scene.Hub.Gets(HubScene.Weights).Single().Range);
    }

    [TestMethod]
    public void AWholeFileOfAnEarlierProcess_IsOnlyChecked()
    {
        using var scene = new HubScene();
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.WriteAllBytes(scene.Incomplete(), HubScene.WeightBytes);

        scene.AssertWhole(scene.Resolve());

        Assert.IsEmpty(scene.Hub.Gets(HubScene.Weights));
    }

    [TestMethod]
    [DataRow(12_345)]
    [DataRow(300_007)]
    [DataRow(400_000)]
    public void WrongBytesOfAnEarlierProcess_AreFetchedAgain(int length)
    {
        using var scene = new HubScene();
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.WriteAllBytes(scene.Incomplete(), new byte[length]);

        scene.AssertWhole(scene.Resolve());

        Assert.Contains("downloading it again", scene.LogText);
    }

    [TestMethod]
    public void AServerWithoutRanges_SendsAllAgain()
    {
        using var scene = new HubScene();
        scene.Hub.IgnoresRanges = true;
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, HubAnswers.Abort));

        scene.AssertWhole(scene.Resolve());

        Assert.Contains("cannot resume at byte 100000; restarting the download", scene.LogText);
    }

    [TestMethod]
    public void AServerWithoutRangesThatAlwaysDrops_IsGivenUp()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, -1, scene.Hub.Partly(100_000, HubAnswers.Abort));

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: GET {scene.Address(HubScene.Weights)} was interrupted: ", message);
        Assert.Contains("(5 attempts)", message);
        Assert.Contains(HubScene.LocalFolder, message);
        Assert.HasCount(5, scene.Hub.Gets(HubScene.Weights), "the same bytes again are no progress");
    }

    [TestMethod]
    public void ARefusedRange_StartsOver()
    {
        using var scene = new HubScene();
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.WriteAllBytes(scene.Incomplete(), HubScene.WeightBytes[..12_345]);
        scene.Hub.Fail("GET", HubScene.Weights, 1, 416);

        scene.AssertWhole(scene.Resolve());

        CollectionAssert.AreEqual(new[] { "bytes=12345-", "" }, scene.Hub.Gets(HubScene.Weights).Select(g => g.Range).ToArray());
    }

    [TestMethod]
    public void AnotherRangeThanAskedFor_StartsOver()
    {
        using var scene = new HubScene();
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.WriteAllBytes(scene.Incomplete(), HubScene.WeightBytes[..12_345]);
        scene.Hub.Fail("GET", HubScene.Weights, 1, 206, ("Content-Range", "bytes 5-10/300007"));

        scene.AssertWhole(scene.Resolve());
    }

    [TestMethod]
    public void AStall_IsTakenUpAfterTheTimeLimit()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { DownloadTimeout = TimeSpan.FromMilliseconds(300) };
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, HubAnswers.StallAsync));

        scene.AssertWhole(scene.Resolve());

        Assert.AreEqual("bytes=100000-", scene.Hub.Gets(HubScene.Weights)[1].Range);
        Assert.Contains("received no data for 0.3 s", scene.LogText);
    }

    [TestMethod]
    public void AStallBeforeTheFirstAnswer_IsTriedAgain()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { MetadataTimeout = TimeSpan.FromMilliseconds(300) };
        scene.Hub.Fail("HEAD", "config.json", 1, HubAnswers.StallAsync);

        scene.AssertWhole(scene.Resolve());

        Assert.Contains("received no data for 0.3 s", scene.LogText);
    }

    [TestMethod]
    public void AServerThatNeverAnswers_IsGivenUp()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { MetadataTimeout = TimeSpan.FromMilliseconds(100), Attempts = 2 };
        scene.Hub.Fail("HEAD", "config.json", -1, HubAnswers.StallAsync);

        string message = Show(scene.Fails());

        Assert.Contains("received no data for 0.1 s (2 attempts)", message);
        Assert.Contains(HubScene.LocalFolder, message);
    }

    [TestMethod]
    [DataRow(299_000)]
    [DataRow(400_000)]
    public void AWrongSizeInTheAnnouncement_IsFoundOut(int announced)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", HubScene.Weights, -1, context =>
        {
            context.Response.ContentLength = announced;
            string etag = $"\"{HubServer.Sha256(HubScene.WeightBytes)}\"";
            return HubServer.AnswerAsync(context, 200, ("X-Repo-Commit", scene.Hub.Commit), ("ETag", etag));
        });

        string message = Show(scene.Fails());

        Assert.Contains($"has 300007 bytes, but the hub reported {announced}, after 2 downloads; the file was deleted.", message);
        Assert.Contains(HubScene.LocalFolder, message);
        Assert.IsFalse(File.Exists(scene.Incomplete()));
    }

    [TestMethod]
    [DataRow(299_000)]
    [DataRow(400_000)]
    public void AFileOfAnotherSizeThanAnnounced_IsFoundOut(int sent)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, -1, context => HubAnswers.SendAsync(context, HubScene.Bytes(sent, seed: 1)));

        string message = Show(scene.Fails());

        Assert.Contains("the hub reported 300007, after 2 downloads; the file was deleted.", message);
        Assert.HasCount(2, scene.Hub.Gets(HubScene.Weights));
        Assert.IsFalse(File.Exists(scene.Incomplete()));
    }

    [TestMethod]
    [DataRow("model.safetensors", "SHA-256")]
    [DataRow("config.json", "git SHA-1")]
    public void ALieAboutTheHash_IsFoundOut(string file, string hash)
    {
        using var scene = new HubScene();
        byte[] honest = file == HubScene.Weights ? HubScene.WeightBytes : HubScene.Config;
        byte[] changed = [.. honest];
        changed[^1] ^= 1;
        scene.Hub.Fail("GET", file, -1, context => HubAnswers.SendAsync(context, changed));

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit: {file} from {scene.Address(file)} has the {hash} ", message);
        Assert.Contains("after 2 downloads; the file was deleted.", message);
        Assert.Contains(HubScene.LocalFolder, message);
        Assert.HasCount(2, scene.Hub.Gets(file));
        Assert.IsFalse(scene.CachedFiles().Any(f => f.EndsWith(".incomplete", StringComparison.Ordinal)));
        Assert.IsFalse(File.Exists(scene.Cached("snapshots", scene.Hub.Commit, file)));
    }

    [TestMethod]
    public void AFileChangedOnceOnItsWay_IsFetchedAgain()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, 1, context => HubAnswers.SendAsync(context, new byte[HubScene.WeightBytes.Length]));

        scene.AssertWhole(scene.Resolve());

        Assert.Contains("downloading it again", scene.LogText);
    }

    [TestMethod]
    public void ADownloadThatFails_LeavesTheOlderCopy()
    {
        using var scene = new HubScene();
        string path = scene.Resolve();
        scene.Hub.Commit = new string('b', 40);
        scene.Hub.Add(HubScene.Model, HubScene.Weights, HubScene.Bytes(200_003, seed: 3));
        scene.Hub.Fail("GET", HubScene.Weights, -1, 503);

        Assert.AreEqual(path, scene.Resolve());

        Assert.Contains("Using the cached copy in", scene.LogText);
        Assert.AreEqual(Path.GetFileName(path), File.ReadAllText(scene.Cached("refs", "main")));
    }

    [TestMethod]
    public void Cancelling_EndsADownload_AndKeepsWhatIsThere()
    {
        using var scene = new HubScene();
        using var cancel = new CancellationTokenSource();
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, async context =>
        {
            await cancel.CancelAsync();
            await HubAnswers.StallAsync(context);
        }));

        Assert.Throws<OperationCanceledException>(() => scene.Resolve(cancellation: cancel.Token));

        Assert.AreEqual(100_000, new FileInfo(scene.Incomplete()).Length);
        scene.AssertWhole(scene.Resolve());
        Assert.AreEqual("bytes=100000-", scene.Hub.Gets(HubScene.Weights)[1].Range);
    }

    /// <summary>Writes the message to the test output, for review.</summary>
    private string Show(string message)
    {
        TestContext.WriteLine(message);
        return message;
    }
}
