// Short names of pretrained models: the list, their resolution, and the error for an unknown one.
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Hub;

[TestClass]
public sealed class PretrainedModelInfoTests
{
    /// <summary>timm's name of the network, for ids that do not contain it.</summary>
    private static readonly Dictionary<string, string> _networks = new()
    {
        ["facebook/dinov2-small"] = "vit_small_patch14_dinov2",
        ["facebook/dinov2-base"] = "vit_base_patch14_dinov2",
        ["facebook/dinov2-large"] = "vit_large_patch14_dinov2",
        ["facebook/dinov2-with-registers-small"] = "vit_small_patch14_reg4_dinov2",
        ["facebook/dinov2-with-registers-base"] = "vit_base_patch14_reg4_dinov2",
        ["google/siglip-base-patch16-224"] = "vit_base_patch16_siglip_224",
    };

    public static IEnumerable<object[]> Names => VisionTransformerCheckpoint.ShortNames.Select(model => new object[] { model.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void EveryNameIsAnIdOfANetworkThatTheLibraryKnows(string name)
    {
        var model = PretrainedModelInfo.Find(name)!;
        var network = VisionTransformerArchitecture.Parse(_networks.GetValueOrDefault(model.HubId) ?? model.HubId["timm/".Length..]);

        Assert.IsTrue(HubModel.LooksLikeId(model.HubId));
        Assert.AreEqual((model.Classes, model.Parameters), (network.Classes, network.CountParameters()));
        Assert.AreEqual(model.ImageSize, network.ImageSize.Height);
    }

    [TestMethod]
    public void TheListIsSortedAndInTheDocs()
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "pretrained.md"));
        string[] names = [.. VisionTransformerCheckpoint.ShortNames.Select(model => model.Name)];

        CollectionAssert.AreEqual(names.Order(StringComparer.Ordinal).ToArray(), names);
        foreach (var model in VisionTransformerCheckpoint.ShortNames)
        {
            Assert.Contains(
                FormattableString.Invariant($"| `{model.Name}` | `{model.HubId}` | {model.Description} | {(model.Classes == 0 ? "" : $"{model.Classes:N0}")} | {model.Parameters / 1e6:F1} | {model.ImageSize} | {model.License} |"),
                page);
        }
    }

    [TestMethod]
    [DataRow("vit-tiny")]
    [DataRow("ViT-Tiny")]
    public void AShortNameIsDownloadedUnderItsIdAndTheLogSaysSo(string name)
    {
        using var scene = new HubScene();
        scene.Hub.Add("timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "config.json", HubScene.Config);
        scene.Hub.Add("timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", HubScene.Weights, HubScene.WeightBytes);

        string folder = CheckpointSource.Resolve(name, () => scene.Settings, scene.Log.Add, default);

        scene.AssertWhole(folder);
        Assert.Contains("models--timm--vit_tiny_patch16_224.augreg_in21k_ft_in1k", folder);
        Assert.StartsWith("vit-tiny is timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k (ViT-Ti/16, ", scene.Log[0]);
    }

    /// <summary>The name is relative, so the file lies in the current folder; no other test uses this name.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AFileOrFolderOfThatNameComesFirst(bool isFile)
    {
        const string Name = "dinov2-large";
        if (isFile)
            File.WriteAllText(Name, "");
        else
            Directory.CreateDirectory(Name);
        try
        {
            Assert.AreEqual(Name, CheckpointSource.Resolve(Name, NoHub, _ => { }, default));
        }
        finally
        {
            File.Delete(isFile ? Name : "no such file");
            if (!isFile)
                Directory.Delete(Name);
        }
    }

    [TestMethod]
    [DataRow("vit-tinny", "\"vit-tiny\"")]
    [DataRow("vit_small_patch16", "\"vit-small\"")]
    [DataRow("dinov2 base", "\"dinov2-base\"")]
    public void AnUnknownNameIsAnErrorWithTheNearestAndAllOthers(string name, string nearest)
    {
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => CheckpointSource.Resolve(name, NoHub, _ => { }, default));

        Assert.StartsWith($"{name}: there is no such file or folder, and it is not a hub model id (owner/name); the nearest short name is {nearest}", error.Message);
        foreach (var model in VisionTransformerCheckpoint.ShortNames)
            Assert.Contains(model.Name, error.Message);
    }

    [TestMethod]
    public void ALongNameIsShortenedInTheError()
    {
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => CheckpointSource.Resolve(new string('x', 10_000), NoHub, _ => { }, default));

        Assert.IsLessThan(800, error.Message.Length);
    }

    [TestMethod]
    [DataRow("model.safetensors")]
    [DataRow("folder/vit-tiny/x.npz")]
    public void APathIsNotComparedWithNames(string path)
    {
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => CheckpointSource.Resolve(path, NoHub, _ => { }, default));

        Assert.DoesNotContain("short name", error.Message);
    }

    private static HubSettings NoHub() => throw new AssertFailedException("The hub was asked.");
}
