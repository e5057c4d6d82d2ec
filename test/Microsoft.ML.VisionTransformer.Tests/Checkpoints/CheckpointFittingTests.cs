// Loading checkpoints for other image sizes and channels through the public API: position resampling, kernel adaptation, and rejected cases.
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class CheckpointFittingTests : IDisposable
{
    private const double LogitsTolerance = 2e-5, PositionsTolerance = 1e-5;

    private static readonly ImageDimensions[] _sizes = [48, (48, 32), 24, (16, 56)];

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("timm", "")]
    [DataRow("pytorch/state_dict.pth", "")]
    [DataRow("torchvision/vit.pth", "")]
    [DataRow("hf-vit", ".bicubic")]
    [DataRow("hf-vit-sharded", ".bicubic")]
    [DataRow("jax/vit.npz", ".bilinear")]
    [DataRow("jax/vit_big_vision.npz", ".bilinear")]
    [DataRow("jax/vit_big_vision_scan.npz", ".bilinear")]
    public void AnotherImageSize_GivesTheNumbersOfTheFilesFramework(string file, string method) =>
        Compare(TestData.Path(["golden", "checkpoints", .. file.Split('/')]), GoldenModel.ArchitectureOf("vit_plain"), method);

    [TestMethod]
    [DataRow("Hugging Face DeiT", ".bicubic")]
    [DataRow("Hugging Face DINOv2", ".bicubic")]
    [DataRow("Hugging Face CLIP", ".bicubic")]
    [DataRow("OpenAI CLIP / OpenCLIP", "")]
    public void TheSameWeightsUnderOtherNames_AreStretchedAsThoseFilesAre(string layout, string method)
    {
        var architecture = GoldenModel.ArchitectureOf("vit_plain");
        var weights = new GoldenWeights("vit_plain");
        if (layout.Contains("CLIP", StringComparison.Ordinal))
            (weights, architecture) = (weights.Without("head."), architecture with { Classes = 0 });

        Compare(weights.Write(_folder, Layout(layout)), architecture, method);
    }

    [TestMethod]
    public void MetasDinov2_IsStretchedByATenthMore() => Compare(
        new GoldenWeights("vit_plain").Without("head.").Write(_folder, MetaDinoLayouts.Dinov2, more: ("mask_token", [1, 32])),
        GoldenModel.ArchitectureOf("vit_plain") with { Classes = 0 },
        ".dinov2_offset_0.1");

    [TestMethod]
    public void SigLip_HasNoClassPosition() => Compare(
        new GoldenWeights("vit_plain").Without("head.").Without("cls_token").WithoutClassPosition()
            .Write(_folder, HuggingFaceTowerLayouts.Siglip, more: ("logit_bias", [1])),
        GoldenModel.ArchitectureOf("vit_plain") with { Classes = 0, ClassToken = false, Pooling = TokenPooling.Average, NormAfterPooling = false },
        ".bicubic");

    [TestMethod]
    [DataRow("Hugging Face DINOv2 with registers", "dinov2_with_registers.embeddings.register_tokens")]
    [DataRow("Meta DINOv2 with registers", "register_tokens")]
    public void PositionsBesideRegisters_AreStretchedAsTimmDoes(string layout, string registers)
    {
        var weights = new GoldenWeights("vit_plain").Without("head.").WithoutClassPosition();
        var architecture = GoldenModel.ArchitectureOf("vit_plain") with { Classes = 0, PositionsCoverPrefix = false, RegisterTokens = 2 };

        Compare(weights.Write(_folder, Layout(layout), more: (registers, [1, 2, 32])), architecture, "");
    }

    [TestMethod]
    public void EveryLayout_SaysWhoseStretchingIsMeant()
    {
        string[] huggingFace = ["Hugging Face ViT", "Hugging Face DeiT", "Hugging Face DINOv2", "Hugging Face CLIP", "Hugging Face SigLIP"];

        foreach (var layout in CheckpointLayouts.All)
        {
            var expected = huggingFace.Contains(layout.Name) ? PositionResampling.HuggingFace
                : layout.Name == "Meta DINOv2" ? PositionResampling.Dinov2Original
                : layout.Name.StartsWith("JAX", StringComparison.Ordinal) ? PositionResampling.Bilinear
                : PositionResampling.Timm;
            Assert.AreEqual(expected, layout.Resampling, layout.Name);
        }
    }

    [TestMethod]
    public void ImagesArePreparedAtTheSizeAskedFor()
    {
        string folder = TestData.Path("golden", "checkpoints", "timm");
        using var own = VisionTransformerCheckpoint.Load(folder);
        using var fitted = VisionTransformerCheckpoint.Load(folder, own.Architecture with { ImageSize = (48, 32) });

        Assert.AreEqual(own.Preprocessing with { Size = (48, 32) }, fitted.Preprocessing);
        Assert.AreEqual(new ImageDimensions(48, 32), fitted.Architecture.ImageSize);
    }

    [TestMethod]
    public void OneChannel_HasTheSumOfTheColors()
    {
        float[] colors = new GoldenWeights("vit_plain")["patch_embed.proj.weight"];

        float[] gray = Kernels(channels: 1);

        Assert.HasCount(32 * 64, gray);
        for (int kernel = 0; kernel < 32; kernel++)
        {
            for (int i = 0; i < 64; i++)
            {
                int red = kernel * 3 * 64 + i;
                Assert.AreEqual(colors[red] + colors[red + 64] + colors[red + 128], gray[kernel * 64 + i]);
            }
        }
    }

    [TestMethod]
    public void FourChannels_RepeatTheColorsAndKeepTheirSum()
    {
        float[] colors = new GoldenWeights("vit_plain")["patch_embed.proj.weight"];

        float[] four = Kernels(channels: 4);

        Assert.HasCount(32 * 4 * 64, four);
        for (int i = 0; i < four.Length; i++)
        {
            int kernel = i / 256, channel = i / 64 % 4 % 3;
            Assert.AreEqual(colors[(kernel * 3 + channel) * 64 + i % 64] * 0.75f, four[i]);
        }
    }

    [TestMethod]
    public void ANetworkThatIsAnother_IsRefusedWithTheTensorsThatDiffer()
    {
        var own = GoldenModel.ArchitectureOf("vit_plain");

        AssertRefused(own with { PatchSize = 16 }, "patch_embed.proj.weight is [32, 3, 8, 8], but the network needs [32, 3, 16, 16]");
        AssertRefused(own with { Depth = 3 }, "blocks.2.norm1.weight is missing");
        AssertRefused(own with { Depth = 1 }, "blocks.1.norm1.weight is not part of the network (depth is 1)");
        AssertRefused(own with { Classes = 7 }, "head.weight is [10, 32], but the network needs [7, 32]; head.bias is [10], but the network needs [7]");
        AssertRefused(own with { EmbeddingDimension = 64 }, "blocks.0.attn.proj.weight is [32, 32], but the network needs [64, 64]");
        AssertRefused(own with { RegisterTokens = 4 }, "pos_embed is [1, 17, 32], but the network needs [1, 21, 32]; reg_token is missing");
        AssertRefused(own with { LayerScale = 1 }, "blocks.0.ls1.gamma is missing");
    }

    [TestMethod]
    public void FourChannelsOfAFile_AreNotGuessedForThree()
    {
        string path = Path.Combine(GoldenModel.Folder("vit_in_chans_4"), "weights.safetensors");
        using var checkpoint = VisionTransformerCheckpoint.Load(path, GoldenModel.ArchitectureOf("vit_plain"));

        var error = Assert.ThrowsExactly<NotSupportedException>(() => checkpoint.CreateNetwork());

        Assert.Contains("patch_embed.proj.weight is", error.Message);
        Assert.Contains("its number of channels is 4, but the network's is 3", error.Message);
    }

    [TestMethod]
    public void PositionsOfAnUnknownOblongGrid_NeedTheTrainedSize()
    {
        string path = Path.Combine(GoldenModel.Folder("vit_nonsquare"), "weights.safetensors");
        var trained = GoldenModel.ArchitectureOf("vit_nonsquare");

        using var same = VisionTransformerCheckpoint.Load(path, trained);
        using var network = same.CreateNetwork();
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(path, trained with { ImageSize = 32 }));

        Assert.Contains("pos_embed has 25 entries, 1 of them for prefix tokens: the other 24 do not form a square patch grid", error.Message);
    }

    private static CheckpointLayout Layout(string name) => CheckpointLayouts.All.Single(layout => layout.Name == name);

    private static float[] Kernels(int channels)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(
            TestData.Path("golden", "checkpoints", "timm"), GoldenModel.ArchitectureOf("vit_plain") with { Channels = channels });
        using var network = checkpoint.CreateNetwork();
        return network.get_parameter("patch_embed.proj.weight")!.Values();
    }

    private static void AssertRefused(VisionTransformerArchitecture architecture, string message)
    {
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(
            () => VisionTransformerCheckpoint.Load(TestData.Path("golden", "checkpoints", "timm"), architecture));
        Assert.Contains(message, error.Message);
    }

    /// <summary>Positions, and logits where there is a head, of all golden image sizes.</summary>
    private void Compare(string path, VisionTransformerArchitecture architecture, string method)
    {
        var golden = SafetensorsFile.Read(TestData.Path("golden", "model", "pos_embed_resample", "io.safetensors"));
        foreach (var size in _sizes)
        {
            using var checkpoint = VisionTransformerCheckpoint.Load(path, architecture with { ImageSize = size });
            using var network = checkpoint.CreateNetwork();
            string name = $"{size.Height}x{size.Width}";
            float[] expected = golden.Floats($"pos_embed_{name}{method}");
            int skipped = architecture is { ClassToken: true, PositionsCoverPrefix: true } ? 0 : architecture.EmbeddingDimension;
            AssertClose($"{checkpoint.Layout}: positions {name}", PositionsTolerance, expected[skipped..], network.get_parameter("pos_embed")!.Values());
            if (architecture.Classes == 0)
                continue;
            using var scope = NewDisposeScope();
            using var mode = no_grad();
            network.eval();
            var logits = network.forward(tensor(golden.Floats($"input_{name}"), golden.Shape($"input_{name}")));
            AssertClose($"{checkpoint.Layout}: logits {name}", LogitsTolerance, golden.Floats($"logits_{name}{method}"), logits.Values());
        }
    }

    private void AssertClose(string what, double tolerance, float[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual, what);
        double difference = expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max();
        TestContext.WriteLine($"{what}: largest difference {difference:g3}");
        Assert.IsLessThanOrEqualTo(tolerance, difference, what);
    }
}
