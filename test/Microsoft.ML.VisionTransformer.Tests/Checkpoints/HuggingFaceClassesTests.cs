// Hugging Face model classes that leave parts of their files unused, or use a token in two ways, through the public API.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class HuggingFaceClassesTests : IDisposable
{
    private const double LogitsTolerance = 2e-5, TokensTolerance = 1e-4;

    private const string Sizes = """
        "image_size": 32, "patch_size": 8, "hidden_size": 32, "num_hidden_layers": LAYERS, "num_attention_heads": 4, "intermediate_size": 128, "layer_norm_eps": 1e-6
        """;

    private const string TenLabels = """ "id2label": {"0":"a","1":"b","2":"c","3":"d","4":"e","5":"f","6":"g","7":"h","8":"i","9":"j"} """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void DeitWithTeacher_HasBothHeads()
    {
        new GoldenWeights("deit_distilled").Write(_folder, HuggingFaceVitLayouts.Deit);
        WriteConfig("deit", "DeiTForImageClassificationWithTeacher");

        using var checkpoint = VisionTransformerCheckpoint.Load(_folder.Path);

        Assert.AreEqual((true, 0, 10), (checkpoint.Architecture.DistillationToken, checkpoint.Architecture.RegisterTokens, checkpoint.Architecture.Classes));
        AssertClose("deit_distilled", "logits", checkpoint, (network, x) => network.forward(x), LogitsTolerance);
    }

    [TestMethod]
    public void DeitWithOneHead_KeepsTheDistillationTokenAsARegister()
    {
        new GoldenWeights("deit_distilled").Without("head_dist.")
            .Write(_folder, HuggingFaceVitLayouts.Deit, rename: name => name.Replace("cls_classifier", "classifier", StringComparison.Ordinal));
        WriteConfig("deit", "DeiTForImageClassification");

        using var checkpoint = VisionTransformerCheckpoint.Load(_folder.Path);

        Assert.AreEqual((false, 1, 10), (checkpoint.Architecture.DistillationToken, checkpoint.Architecture.RegisterTokens, checkpoint.Architecture.Classes));
        AssertClose("deit_distilled", "logits_class_head", checkpoint, (network, x) => network.forward(x), LogitsTolerance);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void DeitWithoutAHead_GivesItsTokens(bool bare)
    {
        new GoldenWeights("deit_distilled").Without("head").Write(_folder, HuggingFaceVitLayouts.Deit, bare);
        WriteConfig("deit", "DeiTModel", labels: "");

        using var checkpoint = VisionTransformerCheckpoint.Load(_folder.Path);

        Assert.AreEqual((false, 1, 0), (checkpoint.Architecture.DistillationToken, checkpoint.Architecture.RegisterTokens, checkpoint.Architecture.Classes));
        AssertClose("deit_distilled", "tokens_final", checkpoint, (network, x) => network.ForwardFeatures(x), TokensTolerance);
    }

    [TestMethod]
    [DataRow("", true, 0)]
    [DataRow("head_dist.", false, 1)]
    [DataRow("head", false, 1)]
    public void ShapesOfADeitFile_TellWhatReadsTheToken(string left, bool distilled, int registers)
    {
        var weights = new GoldenWeights("deit_distilled");
        using var file = SafetensorsCheckpoint.Open((left.Length == 0 ? weights : weights.Without(left)).Write(_folder, HuggingFaceVitLayouts.Deit));

        var found = ArchitectureFromShapes.Infer(LayoutMap.Of(file), heads: 4).Architecture;

        Assert.AreEqual((distilled, registers, 2), (found.DistillationToken, found.RegisterTokens, found.PrefixTokens));
        Assert.IsTrue(LayoutMap.Of(file).Check(found).IsEmpty);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void SiglipForClasses_ReadsTheMeanOfTheTokens_AndNotThePoolInItsFile(bool config)
    {
        var weights = new GoldenWeights("siglip_map");
        weights.Write(_folder, HuggingFaceTowerLayouts.Siglip);
        if (config)
            File.WriteAllText(_folder.File("config.json"), $$"""{"model_type": "siglip", "architectures": ["SiglipForImageClassification"], {{TenLabels}}, "vision_config": { {{SizesOf(Depth("siglip_map"))}} } }""");
        var given = GoldenModel.ArchitectureOf("siglip_map") with { Pooling = TokenPooling.Average, NormAfterPooling = false };

        using var checkpoint = VisionTransformerCheckpoint.Load(_folder.Path, config ? null : given);

        Assert.AreEqual(TokenPooling.Average, checkpoint.Architecture.Pooling);
        using var network = checkpoint.CreateNetwork();
        using var golden = GoldenModel.Load("siglip_map");
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        network.eval();
        var (weight, bias) = (tensor(weights["head.weight"], [10, 32]), tensor(weights["head.bias"]));
        var expected = golden["tokens_final"].mean([1]).matmul(weight.t()).add(bias);
        Assert.IsLessThanOrEqualTo(LogitsTolerance, (network.forward(golden["input"]) - expected).abs().max().item<float>());
    }

    [TestMethod]
    public void ShapesOfASiglipClassifier_LeaveThePoolOut()
    {
        using var file = SafetensorsCheckpoint.Open(new GoldenWeights("siglip_map").Write(_folder, HuggingFaceTowerLayouts.Siglip));

        var found = ArchitectureFromShapes.Infer(LayoutMap.Of(file), heads: 4).Architecture;

        Assert.AreEqual((TokenPooling.Average, (bool?)false, 10), (found.Pooling, found.NormAfterPooling, found.Classes));
        Assert.IsTrue(LayoutMap.Of(file).Check(found).IsEmpty);
    }

    [TestMethod]
    public void MaskedAutoencoders_AreReadWithoutDecoder()
    {
        new GoldenWeights("vit_plain").Without("head.").Write(
            _folder, HuggingFaceVitLayouts.Vit, more: [("decoder.mask_token", [1, 1, 16]), ("decoder.decoder_embed.weight", [16, 32]), ("vit.embeddings.mask_token", [1, 1, 32])]);
        WriteConfig("vit_mae", "ViTMAEForPreTraining", labels: "", layers: 2);

        using var checkpoint = VisionTransformerCheckpoint.Load(_folder.Path);

        AssertClose("vit_plain", "tokens_final", checkpoint, (network, x) => network.ForwardFeatures(x), TokensTolerance);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void APoolerLeftBesideAClassifier_IsPassedOver(bool config)
    {
        new GoldenWeights("vit_plain").Write(_folder, HuggingFaceVitLayouts.Vit, more: [("vit.pooler.dense.weight", [32, 32]), ("vit.pooler.dense.bias", [32])]);
        if (config)
            WriteConfig("vit", "ViTForImageClassification", layers: 2);

        using var checkpoint = VisionTransformerCheckpoint.Load(_folder.Path, config ? null : GoldenModel.ArchitectureOf("vit_plain"));

        Assert.AreEqual(0, checkpoint.Architecture.RepresentationDimension);
        AssertClose("vit_plain", "logits", checkpoint, (network, x) => network.forward(x), LogitsTolerance);
    }

    [TestMethod]
    public void APoolerThatTheNetworkHas_IsRead()
    {
        string path = new GoldenWeights("vit_plain").Write(_folder, HuggingFaceVitLayouts.Vit, more: [("vit.pooler.dense.weight", [32, 32]), ("vit.pooler.dense.bias", [32])]);

        using var checkpoint = VisionTransformerCheckpoint.Load(path, GoldenModel.ArchitectureOf("vit_plain") with { RepresentationDimension = 32 });
        using var network = checkpoint.CreateNetwork();

        Assert.IsTrue(network.get_parameter("pre_logits.fc.weight")!.Values().All(value => value == 0));
    }

    [TestMethod]
    public void APoolerWithoutAClassifier_IsMissedWhereTheNetworkHasNone()
    {
        string path = new GoldenWeights("vit_plain").Without("head.").Write(
            _folder, HuggingFaceVitLayouts.Vit, more: [("vit.pooler.dense.weight", [32, 32]), ("vit.pooler.dense.bias", [32])]);

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(path, GoldenModel.ArchitectureOf("vit_plain") with { Classes = 0 }));

        Assert.Contains("vit.pooler.dense.weight is not part of the network", error.Message);
    }

    private static string SizesOf(int layers) => Sizes.Replace("LAYERS", $"{layers}", StringComparison.Ordinal);

    private static int Depth(string networkCase) => GoldenModel.ArchitectureOf(networkCase).Depth;

    private void WriteConfig(string type, string model, string labels = TenLabels, int? layers = null) => File.WriteAllText(
        _folder.File("config.json"),
        $$"""{"model_type": "{{type}}", "architectures": ["{{model}}"], {{(labels.Length == 0 ? "" : labels + ",")}} {{SizesOf(layers ?? Depth("deit_distilled"))}} }""");

    private static void AssertClose(
        string networkCase, string output, VisionTransformerCheckpoint checkpoint, Func<VisionTransformerNetwork, Tensor, Tensor> forward, double tolerance)
    {
        using var golden = GoldenModel.Load(networkCase);
        using var network = checkpoint.CreateNetwork();
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        network.eval();
        double difference = golden.Difference(output, forward(network, golden["input"]));
        Assert.IsLessThanOrEqualTo(tolerance, difference, output);
    }
}
