// Configurations beside a small checkpoint that describe a huge network: each is rejected before memory is allocated.
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Configs;

[TestClass]
public sealed class HostileConfigTests
{
    private const long MostBytes = 64L << 20;

    [TestMethod]
    [DataRow("num_attention_heads", "65536")]
    [DataRow("image_size", "65536")]
    [DataRow("image_size", "20000")]
    [DataRow("image_size", "[65536, 4096]")]
    [DataRow("image_size", "4096")]
    [DataRow("patch_size", "65536")]
    [DataRow("num_hidden_layers", "65536")]
    [DataRow("hidden_size", "65536")]
    [DataRow("intermediate_size", "65536")]
    [DataRow("num_channels", "65536")]
    public void HuggingFace(string key, string value)
    {
        using var folder = Copy("hf-vit");
        Change(folder, config => config[key] = JsonNode.Parse(value));

        AssertRefused(folder);
    }

    [TestMethod]
    [DataRow("img_size", "1000000")]
    [DataRow("img_size", "20000")]
    [DataRow("img_size", "[16, 1000000]")]
    [DataRow("patch_size", "1")]
    [DataRow("embed_dim", "1000000")]
    [DataRow("depth", "1000000")]
    [DataRow("num_heads", "65536")]
    [DataRow("in_chans", "1000000")]
    [DataRow("reg_tokens", "1000000")]
    [DataRow("mlp_ratio", "1000")]
    public void Timm(string key, string value)
    {
        using var folder = Copy("timm");
        Change(folder, config => config["model_args"]![key] = JsonNode.Parse(value));

        AssertRefused(folder);
    }

    /// <summary>Without <c>strict</c> what the file lacks is drawn, and the network may be larger than the file; not without a limit.</summary>
    [TestMethod]
    public void AHugeNetworkThatIsNotInTheFile()
    {
        using var folder = Copy("timm");
        Change(folder, config => (config["model_args"]!["embed_dim"], config["model_args"]!["num_heads"], config["num_features"]) = (65536, 4, 65536));

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(folder.Path, strict: false));

        Assert.Contains("EmbeddingDimension", error.Message);
    }

    [TestMethod]
    public void ALargeNetworkThatIsNotInTheFileHasToBeNamed()
    {
        using var folder = Copy("timm");
        Change(folder, config => (config["model_args"]!["embed_dim"], config["model_args"]!["num_heads"], config["num_features"]) = (4096, 4, 4096));

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(folder.Path, strict: false));

        Assert.Contains("Pass the architecture", error.Message);
    }

    private static void AssertRefused(TemporaryFolder folder)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() =>
        {
            using var checkpoint = VisionTransformerCheckpoint.Load(folder.Path);
            checkpoint.CreateNetwork().Dispose();
        });
        long taken = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.Contains(folder.Path, error.Message);
        Assert.IsLessThan(MostBytes, taken);
    }

    private static TemporaryFolder Copy(string name)
    {
        var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(TestData.Path("golden", "checkpoints", name)))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        return folder;
    }

    private static void Change(TemporaryFolder folder, Action<JsonNode> change)
    {
        string path = folder.File("config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }
}
