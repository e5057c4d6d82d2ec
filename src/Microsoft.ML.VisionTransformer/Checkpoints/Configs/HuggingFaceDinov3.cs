// DINOv3 of Hugging Face: rotary positions, biases by setting, plain or gated MLP.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Settings of <c>DINOv3ViTConfig</c>. The models have no head.</summary>
internal static class HuggingFaceDinov3
{
    private static readonly VisionTransformerArchitecture _standard = new()
    {
        EmbeddingDimension = 384,
        Heads = 6,
        Classes = 0,
        NormEpsilon = 1e-5,
        PositionEmbedding = PositionEmbedding.None,
    };

    internal static VisionTransformerArchitecture Read(HuggingFaceSource source)
    {
        var settings = source.Root;
        CheckFixed(source);
        bool gated = settings.Switch("use_gated_mlp", false);
        if (gated && settings.Text("hidden_act") != "silu")
            throw settings.Unsupported("hidden_act", "a gated MLP is read with \"silu\" only; take another checkpoint.");
        var tower = HuggingFaceTower.Read(settings, _standard with { Mlp = gated ? MlpKind.SwiGlu : MlpKind.Plain });
        double theta = settings.Number("rope_theta", 100, v => v is > 0 and <= 1e9, "a number above 0, at most 1e9,");
        return tower with
        {
            RegisterTokens = settings.Whole("num_register_tokens", 0, least: 0),
            QkvBias = settings.Switch("query_bias", true),
            KeyBias = KeyBias(settings),
            LayerScale = HuggingFaceTower.LayerScale(settings),
            AttentionDropoutRate = HuggingFaceTower.Rate(settings, "attention_dropout"),
            Rotary = new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = theta },
        };
    }

    private static void CheckFixed(HuggingFaceSource source)
    {
        foreach (string key in new[] { "proj_bias", "mlp_bias" })
        {
            if (!source.Root.Switch(key, true))
                throw source.Root.Unsupported(key, "layers without this bias are not read; take another checkpoint.");
        }

        if (source.HasHead("classifier.weight", "ForImageClassification"))
            throw source.Root.Unsupported("architectures", "DINOv3 is read without a head; take the checkpoint of DINOv3ViTModel.");
    }

    /// <summary>Queries and values have biases both or none; keys only where the others do.</summary>
    private static bool KeyBias(JsonSettings settings)
    {
        bool query = settings.Switch("query_bias", true), key = settings.Switch("key_bias", false);
        if (settings.Switch("value_bias", true) != query)
            throw settings.Unsupported("value_bias", "query_bias differs, and networks with only one of the two are not read; take another checkpoint.");
        if (key && !query)
            throw settings.Unsupported("key_bias", "query_bias is false, and keys are read with a bias only where queries have one; take another checkpoint.");
        return key || !query;
    }
}
