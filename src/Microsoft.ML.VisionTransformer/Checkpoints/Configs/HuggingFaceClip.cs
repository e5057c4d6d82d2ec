// The image tower of CLIP in Hugging Face, with and without its projection.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Settings of <c>CLIPVisionConfig</c>, on their own or inside <c>CLIPConfig</c>.</summary>
internal static class HuggingFaceClip
{
    private const string Projection = "visual_projection.weight", ProjectionKey = "projection_dim";

    private static readonly VisionTransformerArchitecture _standard = new()
    {
        PatchSize = 32,
        PatchBias = false,
        PreNorm = true,
        HeadBias = false,
        Activation = MlpActivation.QuickGelu,
        NormEpsilon = 1e-5,
    };

    /// <summary><c>clip_vision_model</c>: the tower's settings are the file's.</summary>
    internal static VisionTransformerArchitecture ReadVision(HuggingFaceSource source) => Read(source, source.Root);

    /// <summary><c>clip</c>: the tower's settings are an object inside; the older name of that object wins where both are there, as in Hugging Face.</summary>
    internal static VisionTransformerArchitecture ReadBoth(HuggingFaceSource source) =>
        Read(source, source.Root.Object("vision_config_dict") ?? source.Root.Object("vision_config") ?? JsonSettings.Empty);

    private static VisionTransformerArchitecture Read(HuggingFaceSource source, JsonSettings vision)
    {
        if (source.HasHead("classifier.weight", "ForImageClassification"))
        {
            throw source.Root.Unsupported(
                "architectures", "CLIP's tower is read with its projection or without; its classifier skips the last norm and is not read.");
        }

        return HuggingFaceTower.Read(vision, _standard) with
        {
            AttentionDropoutRate = HuggingFaceTower.Rate(vision, "attention_dropout"),
            Classes = ProjectionDimension(source),
        };
    }

    private static int ProjectionDimension(HuggingFaceSource source)
    {
        if (!source.HasHead(Projection, "CLIPVisionModelWithProjection") && !source.IsClass("CLIPModel"))
            return 0;
        source.Notes.Add("The outputs are CLIP's image embedding, not classes.");
        return source.Outputs(Projection, source.Root.Whole(ProjectionKey, 512), ProjectionKey);
    }
}
