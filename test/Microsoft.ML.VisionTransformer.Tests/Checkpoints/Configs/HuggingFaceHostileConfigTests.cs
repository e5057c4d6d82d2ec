// Corrupt, malicious and unsupported Hugging Face configurations: the error states the setting and the allowed values.
using System.Text;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class HuggingFaceHostileConfigTests
{
    [TestMethod]
    [DataRow("\"hidden_size\": 0", "hidden_size is 0, but an integer from 1 to 65536 is expected")]
    [DataRow("\"hidden_size\": -3", "hidden_size is -3, but an integer")]
    [DataRow("\"hidden_size\": 768.5", "hidden_size is 768.5, but an integer")]
    [DataRow("\"hidden_size\": 99999999999999999999", "hidden_size is 99999999999999999999, but an integer")]
    [DataRow("\"hidden_size\": \"768\"", "hidden_size is \"768\", but an integer")]
    [DataRow("\"num_hidden_layers\": 70000", "num_hidden_layers is 70000, but an integer")]
    [DataRow("\"num_attention_heads\": [12]", "num_attention_heads is [12], but an integer")]
    [DataRow("\"num_attention_heads\": 5", "Heads is 5, which does not divide EmbeddingDimension 768")]
    [DataRow("\"intermediate_size\": true", "intermediate_size is true, but an integer")]
    [DataRow("\"image_size\": [1, 2, 3]", "image_size is [1, 2, 3], but an integer from 1 to 65536, or a list of two")]
    [DataRow("\"image_size\": 8", "ImageSize is 8x8 and PatchSize 16x16")]
    [DataRow("\"layer_norm_eps\": 0", "layer_norm_eps is 0, but a number above 0")]
    [DataRow("\"layer_norm_eps\": 1e999", "layer_norm_eps is 1e999, but a number above 0")]
    [DataRow("\"hidden_dropout_prob\": 1", "hidden_dropout_prob is 1, but a number from 0 to below 1")]
    [DataRow("\"hidden_act\": \"relu\"", "hidden_act is \"relu\": the supported activations are gelu")]
    [DataRow("\"hidden_act\": 3", "hidden_act is JSON number, but a string is expected")]
    [DataRow("\"qkv_bias\": 1", "qkv_bias is 1, but true or false is expected")]
    [DataRow("\"architectures\": \"ViTModel\"", "architectures is \"ViTModel\", but a list of strings")]
    [DataRow("\"timm_architecture\": \"\"", "timm_architecture is \"\", but a name of 1 to 100 characters")]
    public void AWrongValue_IsNamedWithFileAndWhatIsAllowed(string setting, string expected)
    {
        string message = Refused($$"""{"model_type": "vit", {{setting}}}""");

        Assert.Contains(expected, message);
        Assert.Contains("config.json", message);
    }

    [TestMethod]
    [DataRow("{\"0\": \"a\", \"2\": \"b\"}", "an object with the keys \"0\" to \"1\"")]
    [DataRow("{\"0\": \"a\", \"00\": \"b\"}", "an object with the keys")]
    [DataRow("{\"-1\": \"a\"}", "an object with the keys")]
    [DataRow("{\"99999999999\": \"a\"}", "an object with the keys")]
    [DataRow("{\"0\": 5}", "id2label: 0 is JSON number, but a string is expected")]
    [DataRow("{\"0\": null}", "id2label: 0 is missing, but the name of a class")]
    [DataRow("{\"0\": \"a\", \"0\": \"b\"}", "has the name 0 twice")]
    [DataRow("[\"a\"]", "id2label is JSON array, but a JSON object is expected")]
    public void WrongClassNames_AreRefused(string labels, string expected) =>
        Assert.Contains(expected, Refused($$"""{"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": {{labels}} }"""));

    [TestMethod]
    public void NamesAndNumberOfClasses_MustAgree() => Assert.Contains(
        "num_labels is 3, but 1, the number of names in id2label, is expected",
        Refused("""{"model_type": "vit", "architectures": ["ViTForImageClassification"], "num_labels": 3, "id2label": {"0": "a"}}"""));

    [TestMethod]
    public void ConfigurationAndHead_MustAgree()
    {
        var e = Assert.ThrowsExactly<InvalidCheckpointException>(
            () => HuggingFaceFolder.Read("""{"model_type": "vit", "num_labels": 3}""", ("classifier.weight", [4, 768])));

        Assert.Contains("this gives 3 outputs, but classifier.weight has 4 rows", e.Message);
    }

    [TestMethod]
    [DataRow("\"model_type\": \"beit\"", "model_type is \"beit\": the supported types are clip, clip_vision_model, deit, dinov2")]
    [DataRow("\"model_type\": \"siglip2\"", "model_type is \"siglip2\": the supported types")]
    [DataRow("\"model_type\": null", "model_type is missing: the supported types")]
    [DataRow("\"model_type\": 1", "model_type is JSON number, but a string is expected")]
    [DataRow("\"model_type\": \"dinov3_vit\", \"mlp_bias\": false", "mlp_bias is false: layers without this bias")]
    [DataRow("\"model_type\": \"dinov3_vit\", \"query_bias\": false", "value_bias is missing: query_bias differs")]
    [DataRow("\"model_type\": \"dinov3_vit\", \"query_bias\": false, \"value_bias\": false, \"key_bias\": true", "key_bias is true: query_bias is false")]
    [DataRow("\"model_type\": \"dinov3_vit\", \"use_gated_mlp\": true, \"hidden_act\": \"gelu\"", "hidden_act is \"gelu\": a gated MLP")]
    [DataRow("\"model_type\": \"dinov3_vit\", \"rope_theta\": -1", "rope_theta is -1, but a number above 0")]
    [DataRow("\"model_type\": \"dinov2\", \"mlp_ratio\": 0.0001", "mlp_ratio is 0.0001, but a number that gives an MLP width of at least 1")]
    [DataRow("\"model_type\": \"dinov2\", \"mlp_ratio\": 1e9", "mlp_ratio is 1e9, but a number above 0, at most 1000,")]
    [DataRow("\"model_type\": \"dinov2\", \"layerscale_value\": \"1\"", "layerscale_value is \"1\", but a number")]
    [DataRow("\"model_type\": \"clip\", \"vision_config\": 3", "vision_config is JSON number, but a JSON object is expected")]
    [DataRow("\"model_type\": \"clip\", \"vision_config\": {\"hidden_size\": 0}", "config.json: vision_config: hidden_size is 0")]
    [DataRow("\"model_type\": \"clip\", \"architectures\": [\"CLIPForImageClassification\"]", "CLIP's image tower is supported with or without its projection")]
    public void ANetworkThatIsNotRead_IsRefusedByName(string settings, string expected) => Assert.Contains(expected, Refused($"{{{settings}}}"));

    [TestMethod]
    public void APoolerWithAnotherActivation_IsRefused()
    {
        var e = Assert.ThrowsExactly<InvalidCheckpointException>(
            () => HuggingFaceFolder.Read("""{"model_type": "vit", "pooler_act": "relu"}""", ("pooler.dense.weight", [768, 768])));

        Assert.Contains("pooler_act is \"relu\"", e.Message);
    }

    [TestMethod]
    [DataRow("", "is not the JSON expected")]
    [DataRow("[1]", "a JSON object is expected")]
    [DataRow("{\"model_type\": \"vit\", \"hidden_size\": NaN}", "is not the JSON expected")]
    [DataRow("{\"model_type\": \"vit\", \"model_type\": \"beit\"}", "has the name model_type twice")]
    public void AFileThatIsNoSuchJson_IsRefused(string config, string expected) => Assert.Contains(expected, Refused(config));

    [TestMethod]
    public void AHugeFile_IsRefusedUnread()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder.File("config.json")))
            file.SetLength(17 << 20);

        var e = Assert.ThrowsExactly<InvalidCheckpointException>(() => HuggingFaceConfig.Matches(folder.Path));

        Assert.Contains("has 17825792 bytes", e.Message);
    }

    [TestMethod]
    public void AHugeValue_IsCutInTheMessage()
    {
        string message = Refused($$"""{"model_type": "vit", "hidden_size": "{{new StringBuilder().Insert(0, "x\\n", 100_000)}}"}""");

        Assert.IsLessThan(600, message.Length);
    }

    private static string Refused(string config) => Assert.ThrowsExactly<InvalidCheckpointException>(() => HuggingFaceFolder.Read(config)).Message;
}
