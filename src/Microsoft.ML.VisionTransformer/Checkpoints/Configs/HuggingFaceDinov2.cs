// DINOv2 of Hugging Face, with and without register tokens.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Settings of <c>Dinov2Config</c> and <c>Dinov2WithRegistersConfig</c>.</summary>
internal static class HuggingFaceDinov2
{
    private const string Head = "classifier.weight";
    private const double StandardMlpRatio = 4;

    internal static VisionTransformerArchitecture Read(HuggingFaceSource source) => Read(source, new VisionTransformerArchitecture { PatchSize = 14 });

    /// <summary>
    /// The class token has a position and the registers have none. In this network positions cover all leading tokens or none: the class token's
    /// position is added to the token itself when the weights are read.
    /// </summary>
    internal static VisionTransformerArchitecture ReadWithRegisters(HuggingFaceSource source) => Read(source, new VisionTransformerArchitecture()) with
    {
        RegisterTokens = source.Root.Whole("num_register_tokens", 4, least: 0),
        PositionsCoverPrefix = false,
    };

    /// <summary>
    /// Width of the SwiGLU's hidden layer: two thirds of <paramref name="mlpWidth"/>, rounded down, then up to a multiple of 8 (DINOv2's
    /// <c>swiglu_ffn.py</c>).
    /// </summary>
    internal static int SwiGluWidth(int mlpWidth) => ((int)(mlpWidth * 2L / 3) + 7) / 8 * 8;

    private static VisionTransformerArchitecture Read(HuggingFaceSource source, VisionTransformerArchitecture standard)
    {
        var settings = source.Root;
        bool gated = settings.Switch("use_swiglu_ffn", false);
        var tower = HuggingFaceTower.Read(settings, standard with { Mlp = gated ? MlpKind.SwiGlu : MlpKind.Plain }).WithDropout(settings);
        double ratio = settings.Number("mlp_ratio", StandardMlpRatio, v => v is > 0 and <= 1000, "a number above 0, at most 1000,");
        int width = (int)(tower.EmbeddingDimension * ratio);
        if (width < 1)
            throw settings.Wrong("mlp_ratio", "a number that leaves the MLP at least one wide");
        bool head = source.HasHead(Head, "ForImageClassification");
        return tower with
        {
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(gated ? SwiGluWidth(width) : width, tower.EmbeddingDimension),
            QkvBias = settings.Switch("qkv_bias", true),
            LayerScale = HuggingFaceTower.LayerScale(settings),
            Pooling = head ? TokenPooling.ClassTokenAndAverage : TokenPooling.ClassToken,
            Classes = head ? source.Outputs(Head, HuggingFaceLabels.Read(settings).Count, HuggingFaceLabels.NamesKey) : 0,
        };
    }
}
