// What goes wrong between a hub and its client: what is tried again, and what the user reads when nothing helps.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class HubFaultTests
{
    private const string LocalFolder = "PretrainedModel = \"path/to/folder\"";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void ADroppedConnection_IsTakenUpWhereItEnded()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, Abort));

        scene.AssertWhole(scene.Resolve());

        var gets = scene.Hub.Gets(HubScene.Weights);
        Assert.HasCount(2, gets);
        Assert.AreEqual("bytes=100000-", gets[1].Range);
        Assert.Contains("broke off", scene.LogText);
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
                if (from > 0)
                    await HubServer.AnswerAsync(context, 206, ("Content-Range", $"bytes {from}-{HubScene.WeightBytes.Length - 1}/{HubScene.WeightBytes.Length}"));
                context.Response.ContentLength = HubScene.WeightBytes.Length - from;
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

        Assert.Contains("it is downloaded again", scene.LogText);
    }

    [TestMethod]
    public void AServerWithoutRanges_SendsAllAgain()
    {
        using var scene = new HubScene();
        scene.Hub.IgnoresRanges = true;
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, Abort));

        scene.AssertWhole(scene.Resolve());

        Assert.Contains("does not continue at byte 100000; it is downloaded from the start", scene.LogText);
    }

    [TestMethod]
    public void AServerWithoutRangesThatAlwaysDrops_IsGivenUp()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, -1, scene.Hub.Partly(100_000, Abort));

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: GET {scene.Hub.Address}owner/tiny-vit/resolve/main/model.safetensors broke off: ", message);
        Assert.Contains("(5 attempts)", message);
        Assert.Contains(LocalFolder, message);
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
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, StallAsync));

        scene.AssertWhole(scene.Resolve());

        Assert.AreEqual("bytes=100000-", scene.Hub.Gets(HubScene.Weights)[1].Range);
        Assert.Contains("brought nothing for 0.3 s", scene.LogText);
    }

    [TestMethod]
    public void AStallBeforeTheFirstAnswer_IsTriedAgain()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { MetadataTimeout = TimeSpan.FromMilliseconds(300) };
        scene.Hub.Fail("HEAD", "config.json", 1, StallAsync);

        scene.AssertWhole(scene.Resolve());

        Assert.Contains("brought nothing for 0.3 s", scene.LogText);
    }

    [TestMethod]
    public void AServerThatNeverAnswers_IsGivenUp()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { MetadataTimeout = TimeSpan.FromMilliseconds(100), Attempts = 2 };
        scene.Hub.Fail("HEAD", "config.json", -1, StallAsync);

        string message = Show(scene.Fails());

        Assert.Contains("brought nothing for 0.1 s (2 attempts)", message);
        Assert.Contains(LocalFolder, message);
    }

    [TestMethod]
    [DataRow(408)]
    [DataRow(429)]
    [DataRow(500)]
    [DataRow(502)]
    [DataRow(503)]
    [DataRow(504)]
    public void AServerInTrouble_IsAskedAgainAfterGrowingWaits(int status)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", 2, status);
        scene.Hub.Fail("GET", HubScene.Weights, 2, status);

        scene.AssertWhole(scene.Resolve());

        CollectionAssert.AreEqual(new[] { 1d, 2, 1, 2 }, scene.Delays.Select(d => d.TotalSeconds).ToArray());
    }

    [TestMethod]
    [DataRow("HEAD", "config.json")]
    [DataRow("GET", "model.safetensors")]
    public void AServerInTroubleForEver_IsGivenUp(string method, string file)
    {
        using var scene = new HubScene();
        scene.Hub.Fail(method, file, -1, 500, ("X-Error-Message", "the database is away"));

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: {method} {scene.Hub.Address}owner/tiny-vit/resolve/main/{file} answered 500 (Internal Server Error)", message);
        Assert.Contains("\"the database is away\" (5 attempts)", message);
        Assert.Contains(LocalFolder, message);
        CollectionAssert.AreEqual(new[] { 1d, 2, 4, 8 }, scene.Delays.Select(d => d.TotalSeconds).ToArray());
    }

    [TestMethod]
    [DataRow("7", 7)]
    [DataRow("99999", 300)]
    [DataRow("Wed, 01 Jan 2020 00:00:30 GMT", 30)]
    [DataRow("Tue, 31 Dec 2019 23:00:00 GMT", 1)]
    [DataRow("nonsense", 1)]
    public void RetryAfter_IsHonouredUpToFiveMinutes(string header, int seconds)
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { Clock = new StoppedClock(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)) };
        scene.Hub.Fail("GET", HubScene.Weights, 1, 429, ("Retry-After", header));

        scene.AssertWhole(scene.Resolve());

        CollectionAssert.AreEqual(new[] { TimeSpan.FromSeconds(seconds) }, scene.Delays);
    }

    [TestMethod]
    public void Unauthorized_WithoutAToken_NamesTheModelsPageAndTheVariable()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { Token = null };
        scene.Hub.Fail("HEAD", "config.json", -1, 401, ("X-Error-Message", "Invalid username or password."));

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: HEAD {scene.Hub.Address}owner/tiny-vit/resolve/main/config.json answered 401 (Unauthorized)", message);
        Assert.Contains($"There is no such model, or it is private or gated: check the id; if {scene.Hub.Address}owner/tiny-vit exists", message);
        Assert.Contains("set HF_TOKEN", message);
        Assert.Contains(LocalFolder, message);
        Assert.HasCount(1, scene.Hub.Requests, "a refusal is not asked again");
    }

    [TestMethod]
    [DataRow(401)]
    [DataRow(403)]
    public void ARefusedToken_AsksForTheLicenceAndIsNeverShown(int status)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", -1, status, ("X-Error-Code", "GatedRepo"), ("X-Error-Message", $"Bearer {HubScene.Token} may not"));

        string message = Show(scene.Fails());

        Assert.Contains("\"Bearer *** may not\"", message);
        Assert.Contains($"accept the licence at {scene.Hub.Address}owner/tiny-vit, set HF_TOKEN", message);
        Assert.HasCount(1, scene.Hub.Requests);
    }

    [TestMethod]
    public void AModelThatIsNotThere_IsNamed()
    {
        using var scene = new HubScene();

        string message = Show(scene.Fails("owner/tinyvit"));

        Assert.StartsWith($"There is no model owner/tinyvit: HEAD {scene.Hub.Address}owner/tinyvit/resolve/main/config.json answered 404 (Not Found)", message);
        Assert.Contains(LocalFolder, message);
        Assert.HasCount(1, scene.Hub.Requests);
    }

    [TestMethod]
    public void ARevisionThatIsNotThere_IsNamedAlthoughAnotherIsCached()
    {
        using var scene = new HubScene();
        scene.Resolve();
        scene.Hub.Fail("HEAD", "config.json", -1, 404, ("X-Error-Code", "RevisionNotFound"));

        Assert.StartsWith("There is no revision v9 of owner/tiny-vit: ", Show(scene.Fails("owner/tiny-vit@v9")));
    }

    [TestMethod]
    public void AModelWithoutWeights_ListsWhatWasLookedFor()
    {
        using var scene = new HubScene();
        scene.Hub.Remove(HubScene.Model, HubScene.Weights);

        string message = Show(scene.Fails());

        Assert.StartsWith(
            "owner/tiny-vit has no weights that are read here: looked for model.safetensors, model.safetensors.index.json, pytorch_model.bin, "
            + "open_clip_model.safetensors, each answered with 404 (Not Found)", message);
        Assert.Contains(LocalFolder, message);
    }

    [TestMethod]
    public void AnErrorAboutAnOptionalFile_IsNotTakenForItsAbsence()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "preprocessor_config.json", -1, 500);

        Assert.Contains("preprocessor_config.json answered 500", scene.Fails());
    }

    [TestMethod]
    [DataRow(299_000, false)]
    [DataRow(299_000, true)]
    [DataRow(400_000, false)]
    [DataRow(400_000, true)]
    public void ALieAboutTheSize_IsFoundOut(int announced, bool always)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", HubScene.Weights, -1, context =>
        {
            context.Response.ContentLength = announced;
            return HubServer.AnswerAsync(context, 200, ("X-Repo-Commit", scene.Hub.Commit), ("ETag", $"\"{HubServer.Sha256(HubScene.WeightBytes[..announced_()])}\""));
        });
        if (!always)
            scene.Hub.Fail("GET", HubScene.Weights, -1, context => SendAsync(context, HubScene.WeightBytes[..announced_()]));

        if (!always && announced < HubScene.WeightBytes.Length)
        {
            Assert.AreEqual(announced, new FileInfo(Path.Combine(scene.Resolve(), HubScene.Weights)).ResolveLinkTarget(true) is FileInfo file ? file.Length : -1);
            return;
        }

        string message = Show(scene.Fails());

        Assert.Contains($"bytes, the hub announced {announced}, after 2 downloads; nothing was kept.", message);
        Assert.Contains(LocalFolder, message);
        Assert.IsFalse(File.Exists(scene.Incomplete()));

        int announced_() => Math.Min(announced, HubScene.WeightBytes.Length);
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
        scene.Hub.Fail("GET", file, -1, context => SendAsync(context, changed));

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit: {file} from {scene.Hub.Address}owner/tiny-vit/resolve/main/{file} has the {hash} ", message);
        Assert.Contains("after 2 downloads; nothing was kept.", message);
        Assert.Contains(LocalFolder, message);
        Assert.HasCount(2, scene.Hub.Gets(file));
        Assert.IsFalse(scene.CachedFiles().Any(f => f.EndsWith(".incomplete", StringComparison.Ordinal)));
        Assert.IsFalse(File.Exists(scene.Cached("snapshots", scene.Hub.Commit, file)));
    }

    [TestMethod]
    public void AFileChangedOnceOnItsWay_IsFetchedAgain()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, 1, context => SendAsync(context, new byte[HubScene.WeightBytes.Length]));

        scene.AssertWhole(scene.Resolve());

        Assert.Contains("it is downloaded again", scene.LogText);
    }

    [TestMethod]
    public void AnAnswerThatIsNoHubs_SendsToTheEndpoint()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", -1, context => SendAsync(context, Encoding.UTF8.GetBytes("<html>Please log in</html>")));

        string message = Show(scene.Fails());

        Assert.Contains("answered without X-Repo-Commit, which a hub gives with every file. Check HF_ENDPOINT", message);
    }

    [TestMethod]
    [DataRow("X-Repo-Commit", "../../escaped")]
    [DataRow("ETag", "\"../../escaped\"")]
    public void AHeaderThatIsAPath_IsRefused(string header, string value)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", -1, context => HubServer.AnswerAsync(
            context, 200, [("X-Repo-Commit", scene.Hub.Commit), ("ETag", $"\"{new string('1', 40)}\""), (header, value)]));

        Assert.Contains($"answered with {header} '../../escaped', a hash is expected", Show(scene.Fails()));
    }

    [TestMethod]
    public void NoServer_TellsHowToUseALocalFolder()
    {
        using var scene = new HubScene();
        scene.Hub.Dispose();

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: HEAD {scene.Hub.Address}owner/tiny-vit/resolve/main/config.json failed: Connection refused (5 attempts).", message);
        Assert.Contains(LocalFolder, message);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(401)]
    [DataRow(503)]
    public void AHubThatGivesNoAnswer_LeavesTheCopyInTheCache(int status)
    {
        using var scene = new HubScene();
        string path = scene.Resolve();
        if (status == 0)
            scene.Hub.Dispose();
        else
            scene.Hub.Fail("HEAD", "config.json", -1, status);

        Assert.AreEqual(path, scene.Resolve());

        Assert.Contains($"The copy in {path} is used.", Show(scene.Log[^1]));
        Assert.IsEmpty(scene.Delays, "who has a copy does not wait");
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

        Assert.Contains("The copy in", scene.LogText);
        Assert.AreEqual(Path.GetFileName(path), File.ReadAllText(scene.Cached("refs", "main")));
    }

    [TestMethod]
    public void OfflineWithoutACopy_SaysWhatForbidsIt()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { Offline = true };

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit is not in {scene.Settings.CacheFolder}, and HF_HUB_OFFLINE forbids to download it.", message);
        Assert.Contains(LocalFolder, message);
        Assert.IsEmpty(scene.Hub.Requests);
    }

    [TestMethod]
    public void ACacheFolderThatIsAFile_IsNamed()
    {
        using var scene = new HubScene();
        File.WriteAllText(scene.Settings.CacheFolder, "");

        string message = Show(scene.Fails());

        Assert.Contains("cannot be used: ", message);
        Assert.Contains("set HF_HUB_CACHE to a folder that can be written and has room.", message);
    }

    [TestMethod]
    public void AFullDisk_IsNamed()
    {
        if (!File.Exists("/dev/full"))
            Assert.Inconclusive("Skipped: this system has no /dev/full, which stands for a full disk.");
        using var scene = new HubScene();
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.CreateSymbolicLink(scene.Incomplete(), "/dev/full");

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be stored: {scene.Incomplete()} cannot be used: ", message);
    }

    [TestMethod]
    public void ACertificateThatNobodyTrusts_IsNotTriedAgain()
    {
        using var certificate = SelfSigned();
        using var hub = new HubServer(certificate);
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { Endpoint = hub.Address };

        string message = Show(scene.Fails());

        Assert.Contains("certificate", message);
        Assert.IsEmpty(scene.Delays);
        Assert.IsEmpty(hub.Requests);
    }

    [TestMethod]
    public void Cancelling_EndsADownload_AndKeepsWhatIsThere()
    {
        using var scene = new HubScene();
        using var cancel = new CancellationTokenSource();
        scene.Hub.Fail("GET", HubScene.Weights, 1, scene.Hub.Partly(100_000, async context =>
        {
            await cancel.CancelAsync();
            await StallAsync(context);
        }));

        AssertCancelled(() => scene.Resolve(cancellation: cancel.Token));

        Assert.AreEqual(100_000, new FileInfo(scene.Incomplete()).Length);
        scene.AssertWhole(scene.Resolve());
        Assert.AreEqual("bytes=100000-", scene.Hub.Gets(HubScene.Weights)[1].Range);
    }

    [TestMethod]
    public void Cancelling_EndsAWaitBetweenAttempts()
    {
        using var scene = new HubScene();
        using var cancel = new CancellationTokenSource();
        scene.Settings = scene.Settings with
        {
            Delay = async (_, cancellation) =>
            {
                await cancel.CancelAsync();
                await Task.Delay(Timeout.Infinite, cancellation);
            },
        };
        scene.Hub.Fail("HEAD", "config.json", -1, 500);

        AssertCancelled(() => scene.Resolve(cancellation: cancel.Token));

        Assert.HasCount(1, scene.Hub.Requests);
    }

    /// <summary>The message goes to the test's output, for whoever wants to read all of them.</summary>
    private string Show(string message)
    {
        TestContext.WriteLine(message);
        return message;
    }

    private static void AssertCancelled(Action action) => Assert.Throws<OperationCanceledException>(action);

    private static Task Abort(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>Until the client goes.</summary>
    private static async Task StallAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    private static async Task SendAsync(HttpContext context, byte[] bytes)
    {
        context.Response.ContentLength = bytes.Length;
        if (context.Request.Method == "GET")
            await context.Response.Body.WriteAsync(bytes);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
