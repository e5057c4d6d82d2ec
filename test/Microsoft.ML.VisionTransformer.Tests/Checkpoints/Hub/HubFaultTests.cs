// Error responses and missing responses: what is retried, and the final error message.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class HubFaultTests
{
    public TestContext TestContext { get; set; } = null!;

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

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: {method} {scene.Address(file)} returned 500 (Internal Server Error)", message);
        Assert.Contains("\"the database is away\" (5 attempts)", message);
        Assert.Contains(HubScene.LocalFolder, message);
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

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: HEAD {scene.Address("config.json")} returned 401 (Unauthorized)", message);
        Assert.Contains($"There is no such model, or it is private or gated: check the id; if {scene.Hub.Address}owner/tiny-vit exists", message);
        Assert.Contains("set HF_TOKEN", message);
        Assert.Contains(HubScene.LocalFolder, message);
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
        Assert.Contains($"accept the license at {scene.Hub.Address}owner/tiny-vit, set HF_TOKEN", message);
        Assert.HasCount(1, scene.Hub.Requests);
    }

    [TestMethod]
    public void AModelThatIsNotThere_IsNamed()
    {
        using var scene = new HubScene();

        string message = Show(scene.Fails("owner/tinyvit"));

        Assert.StartsWith($"There is no model owner/tinyvit: HEAD {scene.Hub.Address}owner/tinyvit/resolve/main/config.json returned 404 (Not Found)", message);
        Assert.Contains(HubScene.LocalFolder, message);
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
            "owner/tiny-vit has no supported weights file: the hub returned 404 (Not Found) for model.safetensors, model.safetensors.index.json, "
            + "pytorch_model.bin, open_clip_model.safetensors", message);
        Assert.Contains(HubScene.LocalFolder, message);
    }

    [TestMethod]
    public void AnErrorAboutAnOptionalFile_IsNotTakenForItsAbsence()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "preprocessor_config.json", -1, 500);

        Assert.Contains("preprocessor_config.json returned 500", scene.Fails());
    }

    [TestMethod]
    public void AnAnswerThatIsNoHubs_SendsToTheEndpoint()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", -1, context => HubAnswers.SendAsync(context, Encoding.UTF8.GetBytes("<html>Please log in</html>")));

        string message = Show(scene.Fails());

        Assert.Contains("did not send X-Repo-Commit, which a hub sends for every file. Check HF_ENDPOINT", message);
    }

    [TestMethod]
    [DataRow("X-Repo-Commit", "../../escaped")]
    [DataRow("ETag", "\"../../escaped\"")]
    public void AHeaderThatIsAPath_IsRefused(string header, string value)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", -1, context => HubServer.AnswerAsync(
            context, 200, [("X-Repo-Commit", scene.Hub.Commit), ("ETag", $"\"{new string('1', 40)}\""), (header, value)]));

        Assert.Contains($"sent {header} '../../escaped', but a hash is expected", Show(scene.Fails()));
    }

    [TestMethod]
    public void NoServer_TellsHowToUseALocalFolder()
    {
        using var scene = new HubScene();
        scene.Hub.Dispose();

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be downloaded: HEAD {scene.Address("config.json")} failed: Connection refused (5 attempts).", message);
        Assert.Contains(HubScene.LocalFolder, message);
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

        Assert.Contains($"Using the cached copy in {path}.", Show(scene.Log[^1]));
        Assert.IsEmpty(scene.Delays, "who has a copy does not wait");
    }

    [TestMethod]
    public void OfflineWithoutACopy_SaysWhatForbidsIt()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { Offline = true };

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit is not in {scene.Settings.CacheFolder}, and HF_HUB_OFFLINE disables downloads.", message);
        Assert.Contains(HubScene.LocalFolder, message);
        Assert.IsEmpty(scene.Hub.Requests);
    }

    [TestMethod]
    public void ACacheFolderThatIsAFile_IsNamed()
    {
        using var scene = new HubScene();
        File.WriteAllText(scene.Settings.CacheFolder, "");

        string message = Show(scene.Fails());

        Assert.Contains("cannot be used: ", message);
        Assert.Contains("set HF_HUB_CACHE to a writable folder with enough space.", message);
    }

    [TestMethod]
    public void AFullDisk_IsNamed()
    {
        Requires.FullDevice();
        using var scene = new HubScene();
        scene.Hub.IgnoresRanges = true;
        Directory.CreateDirectory(scene.Cached("blobs"));
        File.CreateSymbolicLink(scene.Incomplete(), "/dev/full");

        string message = Show(scene.Fails());

        Assert.StartsWith($"owner/tiny-vit could not be stored: {scene.Incomplete()} cannot be used: No space left on device", message);
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

        Assert.Throws<OperationCanceledException>(() => scene.Resolve(cancellation: cancel.Token));

        Assert.HasCount(1, scene.Hub.Requests);
    }

    /// <summary>Writes the message to the test output, for review.</summary>
    private string Show(string message)
    {
        TestContext.WriteLine(message);
        return message;
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
