// Models are resolved by id: downloaded once, and cached where huggingface_hub caches them.
using System.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Hub;

[TestClass]
public sealed class HubModelTests
{
    [TestMethod]
    [DataRow("owner/tiny-vit", "owner/tiny-vit", "main", "models--owner--tiny-vit")]
    [DataRow("tiny_vit", "tiny_vit", "main", "models--tiny_vit")]
    [DataRow("hf-hub:owner/tiny-vit", "owner/tiny-vit", "main", "models--owner--tiny-vit")]
    [DataRow("hf_hub:owner/tiny-vit@v1.0", "owner/tiny-vit", "v1.0", "models--owner--tiny-vit")]
    [DataRow("owner/tiny-vit@refs/pr/1", "owner/tiny-vit", "refs/pr/1", "models--owner--tiny-vit")]
    public void AModel_IsDownloadedUnderItsName(string id, string repository, string revision, string folder)
    {
        using var scene = new HubScene();
        scene.Hub.Add(repository, "config.json", HubScene.Config);
        scene.Hub.Add(repository, "model.safetensors", HubScene.WeightBytes);

        string path = scene.Resolve(id);

        Assert.AreEqual(Path.Combine(scene.Settings.CacheFolder, folder, "snapshots", scene.Hub.Commit), path);
        scene.AssertWhole(path);
        CollectionAssert.AreEqual(HubScene.Config, File.ReadAllBytes(Path.Combine(path, "config.json")));
        Assert.AreEqual(scene.Hub.Commit, File.ReadAllText(Path.Combine(scene.Settings.CacheFolder, folder, "refs", revision)));
        Assert.IsTrue(scene.Hub.Requests.All(r => Uri.UnescapeDataString(r.Path).StartsWith($"/{repository}/resolve/{revision}/", StringComparison.Ordinal)));
        Assert.IsTrue(scene.Hub.Requests.All(r => r.Authorization == "Bearer " + HubScene.Token));
        Assert.IsTrue(scene.Hub.Requests.All(r => r.UserAgent.StartsWith("Microsoft.ML.VisionTransformer/", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void TheCache_HasTheLayoutOfHuggingFaceHub()
    {
        using var scene = new HubScene(withStore: true);
        scene.Hub.Remove(HubScene.Model, "preprocessor_config.json");

        scene.Resolve();

        string config = HubServer.GitName(HubScene.Config), weights = HubServer.Sha256(HubScene.WeightBytes), commit = scene.Hub.Commit;
        CollectionAssert.AreEqual(
            new[]
            {
                $".locks/models--owner--tiny-vit/{config}.lock", $".locks/models--owner--tiny-vit/{weights}.lock",
                $"models--owner--tiny-vit/.no_exist/{commit}/preprocessor_config.json",
                $"models--owner--tiny-vit/blobs/{config}", $"models--owner--tiny-vit/blobs/{weights}",
                "models--owner--tiny-vit/refs/main",
                $"models--owner--tiny-vit/snapshots/{commit}/config.json", $"models--owner--tiny-vit/snapshots/{commit}/model.safetensors",
            }.Order(StringComparer.Ordinal).ToArray(),
            scene.CachedFiles());
        if (!OperatingSystem.IsWindows())
            Assert.AreEqual($"../../blobs/{weights}", new FileInfo(scene.Cached("snapshots", commit, "model.safetensors")).LinkTarget);
        Assert.AreEqual(commit, File.ReadAllText(scene.Cached("refs", "main")));
    }

    [TestMethod]
    public void WithoutLinks_TheSnapshotHasTheFilesThemselves()
    {
        using var scene = new HubScene();
        scene.Settings = scene.Settings with { CreateLink = (_, _) => throw new IOException("A required privilege is not held by the client.") };

        string path = scene.Resolve();

        scene.AssertWhole(path);
        Assert.IsNull(new FileInfo(Path.Combine(path, HubScene.Weights)).LinkTarget);
        Assert.IsEmpty(Directory.GetFiles(scene.Cached("blobs")));
        scene.Settings = scene.Settings with { Offline = true };
        Assert.AreEqual(path, scene.Resolve());
    }

    [TestMethod]
    public void WithoutLinks_ABlobThatIsThereIsCopied()
    {
        using var scene = new HubScene();
        string blob = Write(scene.Cached("blobs", HubServer.Sha256(HubScene.WeightBytes)), HubScene.WeightBytes);
        scene.Settings = scene.Settings with { CreateLink = (_, _) => throw new IOException("A required privilege is not held by the client.") };

        scene.AssertWhole(scene.Resolve());

        Assert.IsTrue(File.Exists(blob), "another snapshot may link to it");
        Assert.IsEmpty(scene.Hub.Gets(HubScene.Weights));
    }

    [TestMethod]
    public void ASecondCall_AsksForNewsAndDownloadsNothing()
    {
        using var scene = new HubScene();
        string first = scene.Resolve();
        int before = scene.Hub.Requests.Count;

        Assert.AreEqual(first, scene.Resolve());

        CollectionAssert.AreEqual(new[] { "HEAD" }, scene.Hub.Requests.Skip(before).Select(r => r.Method).ToArray());
    }

    [TestMethod]
    public void ACommit_IsAskedForOnce()
    {
        using var scene = new HubScene();
        string id = $"{HubScene.Model}@{scene.Hub.Commit}";
        string first = scene.Resolve(id);
        int before = scene.Hub.Requests.Count;

        Assert.AreEqual(first, scene.Resolve(id));

        Assert.HasCount(before, scene.Hub.Requests);
        Assert.IsFalse(Directory.Exists(scene.Cached("refs")), "a commit needs no reference");
    }

    [TestMethod]
    public void ANewCommit_FetchesOnlyWhatChanged()
    {
        using var scene = new HubScene();
        string first = scene.Resolve();
        scene.Hub.Commit = new string('f', 40);
        scene.Hub.Add(HubScene.Model, "config.json", Encoding.UTF8.GetBytes("""{ "changed": true }"""));

        string second = scene.Resolve();

        Assert.AreNotEqual(first, second);
        Assert.AreEqual("""{ "changed": true }""", File.ReadAllText(Path.Combine(second, "config.json")));
        Assert.HasCount(1, scene.Hub.Gets(HubScene.Weights));
        scene.AssertWhole(second);
        Assert.AreEqual(scene.Hub.Commit, File.ReadAllText(scene.Cached("refs", "main")));
    }

    [TestMethod]
    public void ABranchThatMovesMeanwhile_GivesTheFilesOfOneCommit()
    {
        using var scene = new HubScene();
        string later = new('e', 40);
        scene.Hub.Fail("HEAD", HubScene.Weights, 1, context =>
        {
            scene.Hub.Commit = later;
            scene.Hub.Add(HubScene.Model, "config.json", Encoding.UTF8.GetBytes("""{ "later": true }"""));
            context.Response.ContentLength = HubScene.WeightBytes.Length;
            return HubServer.AnswerAsync(context, 200, ("X-Repo-Commit", later), ("ETag", $"\"{HubServer.Sha256(HubScene.WeightBytes)}\""));
        });

        string path = scene.Resolve();

        Assert.AreEqual(later, Path.GetFileName(path));
        Assert.AreEqual("""{ "later": true }""", File.ReadAllText(Path.Combine(path, "config.json")));
        scene.AssertWhole(path);
    }

    [TestMethod]
    public void ACacheMadeByPython_IsFoundOffline()
    {
        using var scene = new HubScene();
        string commit = new('a', 40), hash = HubServer.Sha256(HubScene.WeightBytes);
        Write(scene.Cached("blobs", hash), HubScene.WeightBytes);
        Write(scene.Cached("blobs", HubServer.GitName(HubScene.Config)), HubScene.Config);
        Write(scene.Cached("refs", "main"), Encoding.ASCII.GetBytes(commit));
        Directory.CreateDirectory(scene.Cached("snapshots", commit));
        File.CreateSymbolicLink(scene.Cached("snapshots", commit, "config.json"), $"../../blobs/{HubServer.GitName(HubScene.Config)}");
        File.CreateSymbolicLink(scene.Cached("snapshots", commit, "model.safetensors"), $"../../blobs/{hash}");
        scene.Settings = scene.Settings with { Offline = true };

        string path = scene.Resolve();

        Assert.AreEqual(scene.Cached("snapshots", commit), path);
        scene.AssertWhole(path);
        Assert.AreEqual(path, scene.Resolve($"{HubScene.Model}@{commit}"));
        Assert.IsEmpty(scene.Hub.Requests);
    }

    [TestMethod]
    public void ALinkWhoseBlobIsGone_IsDownloadedAgain()
    {
        using var scene = new HubScene();
        string path = scene.Resolve();
        File.Delete(scene.Cached("blobs", HubServer.Sha256(HubScene.WeightBytes)));

        Assert.AreEqual(path, scene.Resolve());

        scene.AssertWhole(path);
    }

    [TestMethod]
    public void AModelWithoutCompanionFiles_IsFine()
    {
        using var scene = new HubScene();
        scene.Hub.Add("owner/bare", "pytorch_model.bin", HubScene.WeightBytes);

        string path = scene.Resolve("owner/bare");

        CollectionAssert.AreEqual(new[] { "pytorch_model.bin" }, Directory.GetFiles(path).Select(Path.GetFileName).ToArray());
        int before = scene.Hub.Requests.Count;
        scene.Resolve($"owner/bare@{scene.Hub.Commit}");
        Assert.HasCount(before, scene.Hub.Requests, "what the commit lacks is noted and not asked again");
    }

    [TestMethod]
    public void ShardsOfAnIndex_AreAllFetched()
    {
        using var scene = new HubScene();
        byte[] other = HubScene.Bytes(1_003, seed: 2);
        scene.Hub.Add("owner/big", "model.safetensors.index.json", Index("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"));
        scene.Hub.Add("owner/big", "model-00001-of-00002.safetensors", HubScene.WeightBytes);
        scene.Hub.Add("owner/big", "model-00002-of-00002.safetensors", other);

        string path = scene.Resolve("owner/big");

        CollectionAssert.AreEqual(HubScene.WeightBytes, File.ReadAllBytes(Path.Combine(path, "model-00001-of-00002.safetensors")));
        CollectionAssert.AreEqual(other, File.ReadAllBytes(Path.Combine(path, "model-00002-of-00002.safetensors")));
        scene.Settings = scene.Settings with { Offline = true };
        Assert.AreEqual(path, scene.Resolve("owner/big"));
        File.Delete(Path.Combine(path, "model-00002-of-00002.safetensors"));
        Assert.Contains("is not in", scene.Fails("owner/big"), "an index without all of its shards is no model");
    }

    [TestMethod]
    [DataRow("../../../escaped.safetensors")]
    [DataRow("/tmp/escaped.safetensors")]
    [DataRow("..\\escaped.safetensors")]
    public void AShardOutsideTheFolder_IsRefused(string shard)
    {
        using var scene = new HubScene();
        scene.Hub.Add("owner/big", "model.safetensors.index.json", Index(shard));

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => scene.Resolve("owner/big"));

        Assert.Contains("plain name", error.Message);
        Assert.IsFalse(scene.Hub.Requests.Any(r => r.Path.Contains("escaped", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void AShardThatIsMissing_IsNamed()
    {
        using var scene = new HubScene();
        scene.Hub.Add("owner/big", "model.safetensors.index.json", Index("model-00001-of-00001.safetensors"));

        Assert.StartsWith("owner/big lacks model-00001-of-00001.safetensors, which its model.safetensors.index.json lists", scene.Fails("owner/big"));
    }

    [TestMethod]
    public void TheLog_TellsFileSizeAndProgress()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("GET", HubScene.Weights, 1, async context =>
        {
            context.Response.ContentLength = HubScene.WeightBytes.Length;
            foreach (byte[] part in HubScene.WeightBytes.Chunk(30_001))
            {
                await context.Response.Body.WriteAsync(part);
                await context.Response.Body.FlushAsync();
                await Task.Delay(5);
            }
        });

        scene.Resolve();

        Assert.Contains($"Downloading model.safetensors (0.3 MB) of owner/tiny-vit from {scene.Address(HubScene.Weights)}", scene.LogText);
        Assert.MatchesRegex(@"model\.safetensors: 0\.\d of 0\.3 MB \(\d+%\)", scene.LogText);
    }

    private static byte[] Index(params string[] shards) => Encoding.UTF8.GetBytes(
        $$"""{ "weight_map": { {{string.Join(", ", shards.Select((s, i) => $"\"blocks.{i}\": {System.Text.Json.JsonSerializer.Serialize(s)}"))}} } }""");

    private static string Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
