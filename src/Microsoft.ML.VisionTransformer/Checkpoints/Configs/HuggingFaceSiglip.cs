// The image tower of SigLIP in Hugging Face; SigLIP 2 with a fixed image size has the same.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Settings of <c>SiglipVisionConfig</c>, on their own or inside <c>SiglipConfig</c>.</summary>
internal static class HuggingFaceSiglip
{
    private const string Head = "classifier.weight";

    private static readonly VisionTransformerArchitecture _standard = new()
    {
        ClassToken = false,
        Activation = MlpActivation.GeluTanh,
        Pooling = TokenPooling.Attention,
        Classes = 0,
    };

    /// <summary><c>siglip_vision_model</c>: the tower's settings are the file's.</summary>
    internal static VisionTransformerArchitecture ReadVision(HuggingFaceSource source) => Read(source, source.Root);

    /// <summary><c>siglip</c>: the tower's settings are an object inside.</summary>
    internal static VisionTransformerArchitecture ReadBoth(HuggingFaceSource source) =>
        Read(source, source.Root.Object("vision_config") ?? JsonSettings.Empty);

    /// <summary>A classifier sees the mean of the normed patch tokens, not the attention pool, which then lies in the file unused.</summary>
    private static VisionTransformerArchitecture Read(HuggingFaceSource source, JsonSettings vision)
    {
        var tower = HuggingFaceTower.Read(vision, _standard) with { AttentionDropoutRate = HuggingFaceTower.Rate(vision, "attention_dropout") };
        if (source.HasHead(Head, "ForImageClassification"))
        {
            int classes = source.Outputs(Head, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey);
            return tower with { Pooling = TokenPooling.Average, NormAfterPooling = false, Classes = classes };
        }

        if (vision.Switch("vision_use_head", true))
            return tower;
        source.Notes.Add("The checkpoint has no pool: the features are all patch tokens.");
        return tower with { Pooling = TokenPooling.None };
    }
}
