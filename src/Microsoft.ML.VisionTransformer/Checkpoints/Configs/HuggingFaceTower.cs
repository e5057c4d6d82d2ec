// The settings that every image tower of Hugging Face has, under the names they share.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class HuggingFaceTower
{
    /// <summary>
    /// Sizes, activation, epsilon and dropout, on top of what is fixed for the model type. What is left out has the value of
    /// <paramref name="standard"/>, an MLP of <c>intermediate_size</c> its width.
    /// </summary>
    internal static VisionTransformerArchitecture Read(JsonSettings settings, VisionTransformerArchitecture standard)
    {
        int dimension = settings.Whole("hidden_size", standard.EmbeddingDimension);
        int hidden = settings.Whole("intermediate_size", standard.MlpHiddenDimension);
        return standard with
        {
            ImageSize = settings.Dimensions("image_size", standard.ImageSize),
            PatchSize = settings.Dimensions("patch_size", standard.PatchSize),
            Channels = settings.Whole("num_channels", standard.Channels),
            EmbeddingDimension = dimension,
            Depth = settings.Whole("num_hidden_layers", standard.Depth),
            Heads = settings.Whole("num_attention_heads", standard.Heads),
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(hidden, dimension),
            Activation = standard.Mlp == MlpKind.Plain ? ReadActivation(settings, standard.Activation) : standard.Activation,
            NormEpsilon = settings.Number("layer_norm_eps", standard.NormEpsilon, v => v is > 0 and <= 1, "a number above 0, at most 1,"),
            DropPathRate = Rate(settings, "drop_path_rate"),
        };
    }

    /// <summary>
    /// Dropout under the names of the models that follow BERT's code. Embeddings and projections share one there;
    /// <see cref="HuggingFaceConfigWriter.EmbeddingDropoutKey"/> is ours, for networks where they differ.
    /// </summary>
    internal static VisionTransformerArchitecture WithDropout(this VisionTransformerArchitecture architecture, JsonSettings settings)
    {
        double hidden = Rate(settings, "hidden_dropout_prob");
        return architecture with
        {
            EmbeddingDropoutRate = Rate(settings, HuggingFaceConfigWriter.EmbeddingDropoutKey, hidden),
            ProjectionDropoutRate = hidden,
            AttentionDropoutRate = Rate(settings, "attention_probs_dropout_prob"),
        };
    }

    /// <summary>A share in [0, 1).</summary>
    internal static double Rate(JsonSettings settings, string key, double standard = 0) =>
        settings.Number(key, standard, v => v is >= 0 and < 1, "a number from 0 to below 1");

    /// <summary>The first value of LayerScale, which the weights replace.</summary>
    internal static double LayerScale(JsonSettings settings) =>
        settings.Number("layerscale_value", 1, v => v is > 0 and <= 1e6, "a number above 0, at most 1e6,");

    private static MlpActivation ReadActivation(JsonSettings settings, MlpActivation standard) => settings.Text("hidden_act") switch
    {
        null => standard,
        "gelu" or "gelu_python" => MlpActivation.Gelu,
        "gelu_pytorch_tanh" or "gelu_new" => MlpActivation.GeluTanh,
        "quick_gelu" => MlpActivation.QuickGelu,
        _ => throw settings.Unsupported("hidden_act", "the activations gelu, gelu_pytorch_tanh, gelu_new and quick_gelu are read; take another checkpoint."),
    };
}
