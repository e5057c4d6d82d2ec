// Architectures inferred from names and shapes, compared with the golden cases.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class ArchitectureFromShapesTests
{
    /// <summary>Golden cases whose shapes are ambiguous, with the properties that are inferred differently.</summary>
    private static readonly Dictionary<string, string[]> _untold = new()
    {
        ["vit_nonsquare"] = ["image_size", "pos_embed_covers_prefix"],          // 25 positions: 6 x 4 and a class token, or 5 x 5
        ["vit_overlap"] = ["image_size"],                                       // 7 x 7 patches of 8 pixels with a step of 4
        ["vit_no_posembed"] = ["image_size"],                                   // nothing in the file has the image's size
        ["dinov3_mlp"] = ["image_size"],
        ["dinov3_qkvb_avg"] = ["image_size", "pooling"],                        // a mean of tokens needs no weights of its own
        ["dinov3_swiglu"] = ["image_size"],
        ["vit_max_pool"] = ["pooling"],
        ["vit_avg_include_prefix"] = ["pool_includes_prefix"],                  // neither does a mean that takes in the class token
        ["vit_avgmax_pool"] = ["pooling"],
        ["vit_no_pool_tokens"] = ["pooling"],
        ["clip_quickgelu"] = ["activation"],                                    // timm's names do not identify the publisher
        ["siglip_map"] = ["activation"],
    };

    [TestMethod]
    public void AGoldenCase_IsToldFromItsShapes_AsFarAsShapesTell()
    {
        var wrong = new List<string>();
        foreach (string networkCase in GoldenCheckpoints.Cases().Except(["vit_nonsquare_patch"]))
        {
            using var file = GoldenCheckpoints.Weights(networkCase);
            var config = GoldenCheckpoints.Config(networkCase);

            var inferred = ArchitectureFromShapes.Infer(LayoutMap.Of(file), config.GetProperty("num_heads").GetInt32());

            var untold = _untold.GetValueOrDefault(networkCase, []);
            foreach (var (fact, expected, found) in Facts(config, inferred.Architecture))
            {
                if (untold.Contains(fact) == (expected == found))
                    wrong.Add($"{networkCase}: {fact} is {expected}, found {found}");
            }
        }

        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    [TestMethod]
    [DataRow("hf-vit", 4, "1E-12 Gelu ClassToken 32x32 10 0")]
    [DataRow("hf-vit-backbone", 4, "1E-12 Gelu ClassToken 32x32 0 32")]
    [DataRow("hf-dinov2", 3, "1E-06 Gelu ClassToken 56x56 0 0")]
    [DataRow("hf-dinov2-classifier", 3, "1E-06 Gelu ClassTokenAndAverage 56x56 10 0")]
    [DataRow("hf-dinov2-registers-swiglu", 3, "1E-06 Gelu ClassToken 56x56 0 0")]
    [DataRow("dinov3-original/dinov3_qkvb_avg.pth", 3, "1E-05 Gelu ClassToken 224x224 0 0")]
    [DataRow("hf-dinov3", 3, "1E-05 Gelu ClassToken 224x224 0 0")]
    [DataRow("openai-clip/model.safetensors", 4, "1E-05 QuickGelu ClassToken 32x32 10 0")]
    [DataRow("hf-clip", 4, "1E-05 QuickGelu ClassToken 32x32 10 0")]
    [DataRow("hf-siglip", 4, "1E-06 GeluTanh Attention 32x32 0 0")]
    [DataRow("torchvision/vit.safetensors", 4, "1E-06 Gelu ClassToken 32x32 10 0")]
    [DataRow("jax/vit.npz", null, "1E-06 Gelu ClassToken 32x32 10 0")]
    [DataRow("jax/vit_big_vision_scan.npz", null, "1E-06 Gelu ClassToken 32x32 10 0")]
    [DataRow("jax/siglip_big_vision.npz", null, "1E-06 GeluTanh Attention 32x32 10 0")]
    public void ALayout_BringsWhatItsPublisherDoes(string file, int? heads, string expected)
    {
        using var opened = GoldenCheckpoints.Open(["checkpoints", .. file.Split('/')]);

        var found = ArchitectureFromShapes.Infer(LayoutMap.Of(opened), heads).Architecture;

        Assert.AreEqual(
            expected,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{found.NormEpsilon} {found.Activation} {found.Pooling} {found.ImageSize} {found.Classes} {found.RepresentationDimension}"));
        Assert.AreEqual(heads ?? 4, found.Heads);
    }

    [TestMethod]
    public void HeadsAreThoseOfTheKnownNetwork_AndTheNotesSaySo()
    {
        using var file = Plain(192, 12);

        var inferred = ArchitectureFromShapes.Infer(LayoutMap.Of(file));

        Assert.AreEqual(3, inferred.Architecture.Heads);
        Assert.AreEqual("vit_tiny_patch16_224", inferred.Architecture.Name);
        Assert.Contains("The file does not specify the number of heads; 3 is assumed (vit_tiny_patch16_224).", inferred.Notes);
    }

    [TestMethod]
    public void HeadsAre64Wide_WhereNoKnownNetworkFits()
    {
        using var file = Plain(128, 2);

        var inferred = ArchitectureFromShapes.Infer(LayoutMap.Of(file));

        Assert.AreEqual(2, inferred.Architecture.Heads);
        Assert.Contains("The file does not specify the number of heads; 2 is assumed (head width 64, as usual).", inferred.Notes);
    }

    [TestMethod]
    public void HeadsThatNothingSays_AskForTheArchitecture()
    {
        using var file = Plain(36, 2);

        Assert.Contains("no known network has width 36 and depth 2. Pass the architecture", Error(file));
    }

    [TestMethod]
    public void ThePublishedTinyNetwork_IsTold()
    {
        Requires.OptionalData();
        using var file = SafetensorsCheckpoint.Open(Path.Combine(OptionalData.PretrainedModel, "model.safetensors"));
        var map = LayoutMap.Of(file);

        var inferred = ArchitectureFromShapes.Infer(map);

        Assert.AreEqual("vit_tiny_patch16_224", inferred.Architecture.Name);
        Assert.AreEqual(
            VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { Classes = 200, NormEpsilon = map.Layout.NormEpsilon }, inferred.Architecture);
        Assert.IsTrue(map.Check(inferred.Architecture).IsEmpty);
    }

    [TestMethod]
    public void PositionsThatAreNoSquare_AskForTheArchitecture()
    {
        using var file = GoldenCheckpoints.Weights("vit_nonsquare_patch");

        Assert.Contains("its 13 positions do not form a square patch grid, with or without 1 prefix tokens. Pass the architecture", Error(file));
    }

    [TestMethod]
    public void ABlockThatIsSkipped_IsNamed()
    {
        using var file = Plain(64, 2).AddShape("blocks.999999999.norm1.weight", 64);

        Assert.Contains("tensors of 3 blocks up to index 999999999, but none of block 2", Error(file));
    }

    [TestMethod]
    [DataRow("patch_embed.proj.weight", "patch_embed.proj.weight is missing")]
    [DataRow("blocks.0.mlp.fc2.weight", "blocks.0.mlp.fc2.weight is missing")]
    public void ATensorThatIsNeededForIt_IsNamed(string without, string expected)
    {
        using var file = Plain(64, 2, without);

        Assert.Contains(expected, Error(file));
    }

    [TestMethod]
    public void SizesThatMakeNoNetwork_AreRefused()
    {
        using var zero = Plain(64, 1, "cls_token", "pos_embed").AddShape("pos_embed", 1, 0, 64);
        using var huge = Plain(64, 1, "pos_embed").AddShape("pos_embed", 1, 5_000_000_000, 64);
        using var flat = Plain(64, 1, "patch_embed.proj.weight").AddShape("patch_embed.proj.weight", 64, 768);

        Assert.Contains("pos_embed is [1, 0, 64], which no Vision Transformer", Error(zero));
        Assert.Contains("pos_embed is [1, 5000000000, 64]", Error(huge));
        Assert.Contains("patch_embed.proj.weight is [64, 768]", Error(flat));
    }

    private static string Error(CheckpointFile file) =>
        Assert.ThrowsExactly<InvalidCheckpointException>(() => ArchitectureFromShapes.Infer(LayoutMap.Of(file))).Message;

    private static FakeCheckpoint Plain(int dimension, int depth, params string[] without)
    {
        var file = new FakeCheckpoint();
        var tensors = new List<(string Name, long[] Shape)>
        {
            ("cls_token", [1, 1, dimension]), ("pos_embed", [1, 197, dimension]), ("patch_embed.proj.weight", [dimension, 3, 16, 16]),
            ("patch_embed.proj.bias", [dimension]), ("norm.weight", [dimension]),
        };
        for (int i = 0; i < depth; i++)
        {
            tensors.Add(($"blocks.{i}.attn.qkv.weight", [3 * dimension, dimension]));
            tensors.Add(($"blocks.{i}.attn.qkv.bias", [3 * dimension]));
            tensors.Add(($"blocks.{i}.mlp.fc1.weight", [4 * dimension, dimension]));
            tensors.Add(($"blocks.{i}.mlp.fc2.weight", [dimension, 4 * dimension]));
        }

        foreach (var (name, shape) in tensors.Where(t => !without.Contains(t.Name)))
            file.AddShape(name, shape);
        return file;
    }

    private static IEnumerable<(string Fact, string Expected, string Found)> Facts(JsonElement config, VisionTransformerArchitecture found)
    {
        string Text(string name) => config.GetProperty(name).ToString().Replace(" ", "", StringComparison.Ordinal);
        string Pair(ImageDimensions size) => $"[{size.Height},{size.Width}]";
        yield return ("image_size", Text("image_size"), Pair(found.ImageSize));
        yield return ("patch_size", Text("patch_size"), Pair(found.PatchSize));
        yield return ("patch_bias", Text("patch_bias"), $"{found.PatchBias}");
        yield return ("in_channels", Text("in_channels"), $"{found.Channels}");
        yield return ("num_classes", Text("num_classes"), $"{found.Classes}");
        yield return ("embed_dim", Text("embed_dim"), $"{found.EmbeddingDimension}");
        yield return ("depth", Text("depth"), $"{found.Depth}");
        yield return ("mlp_hidden_dim", Text("mlp_hidden_dim"), $"{found.MlpHiddenDimension}");
        yield return ("swiglu", Text("swiglu"), $"{found.Mlp == MlpKind.SwiGlu}");
        yield return ("mlp_hidden_norm", Text("mlp_hidden_norm"), $"{found.MlpNorm}");
        yield return ("qkv_bias", Text("qkv_bias"), !found.QkvBias ? "none" : found.KeyBias ? "q_k_v" : "q_and_v_only");
        yield return ("qk_norm", Text("qk_norm"), $"{found.QkNorm}");
        yield return ("attention_output_norm", Text("attention_output_norm"), $"{found.AttentionNorm}");
        yield return ("layer_scale", Text("layer_scale"), $"{found.LayerScale is not null}");
        yield return ("class_token", Text("class_token"), $"{found.ClassToken}");
        yield return ("distill_token", Text("distill_token"), $"{found.DistillationToken}");
        yield return ("register_tokens", Text("register_tokens"), $"{found.RegisterTokens}");
        yield return ("pos_embed", Text("pos_embed"), found.PositionEmbedding == PositionEmbedding.Learned ? "learned" : "none");
        if (found is { PositionEmbedding: PositionEmbedding.Learned, PrefixTokens: > 0 })
            yield return ("pos_embed_covers_prefix", Text("pos_embed_covers_prefix"), $"{found.PositionsCoverPrefix}");
        yield return ("pre_norm", Text("pre_norm"), $"{found.PreNorm}");
        yield return ("fc_norm_after_pool", Text("fc_norm_after_pool"), $"{found.NormsPooled}");
        yield return ("norm_eps", Text("norm_eps"), found.NormEpsilon == 1e-5 ? "1e-05" : "1e-06");
        yield return ("pooling", Text("pooling"), PoolingName(found));
        if (found.Pooling == TokenPooling.Average)
            yield return ("pool_includes_prefix", Text("pool_includes_prefix"), $"{found.PoolPrefixTokens}");
        yield return ("rope", RopeName(config.GetProperty("rope")), RopeName(found.Rotary));
        if (found.Mlp == MlpKind.Plain)
            yield return ("activation", Text("activation"), ActivationName(found.Activation));
    }

    private static string RopeName(JsonElement rope) => rope.ValueKind == JsonValueKind.Null ? "none" : rope.GetProperty("rotate").GetString()!;

    private static string RopeName(RotaryEmbedding? rope) => rope is null ? "none" : rope.Layout == RotaryLayout.Eva02 ? "interleaved" : "half";

    private static string ActivationName(MlpActivation activation) =>
        activation switch { MlpActivation.GeluTanh => "gelu_tanh", MlpActivation.QuickGelu => "quick_gelu", _ => "gelu" };

    private static string PoolingName(VisionTransformerArchitecture found) => found.Pooling switch
    {
        TokenPooling.Average => "avg",
        TokenPooling.Attention => "map",
        _ when found.DistillationToken => "token_and_distill_token_averaged",
        _ => "token",
    };
}
