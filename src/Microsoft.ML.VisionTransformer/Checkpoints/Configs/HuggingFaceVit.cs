// The plain Vision Transformers of Hugging Face: vit, deit, vit_mae, vit_msn.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Settings of <c>ViTConfig</c>, <c>DeiTConfig</c>, <c>ViTMAEConfig</c> and <c>ViTMSNConfig</c>.</summary>
internal static class HuggingFaceVit
{
    private const string Head = "classifier.weight", TeacherHead = "cls_classifier.weight", Pooler = "pooler.dense.weight";
    private const string ForClasses = "ForImageClassification", ForClassesWithTeacher = "ForImageClassificationWithTeacher";

    private static readonly VisionTransformerArchitecture _standard = new() { NormEpsilon = 1e-12 };

    internal static VisionTransformerArchitecture ReadVit(HuggingFaceSource source) => WithHead(Body(source, _standard), source);

    internal static VisionTransformerArchitecture ReadMsn(HuggingFaceSource source) => WithHead(Body(source, _standard with { NormEpsilon = 1e-6 }), source);

    /// <summary>The encoder alone; its sine and cosine table is stored and therefore read as a learned one.</summary>
    internal static VisionTransformerArchitecture ReadMae(HuggingFaceSource source)
    {
        source.Notes.Add("The encoder is read, the decoder left out; Hugging Face's model hides three quarters of the patches at random, here all are seen.");
        return WithHead(Body(source, _standard), source);
    }

    /// <summary>
    /// With both heads (<c>DeiTForImageClassificationWithTeacher</c>) the logits are their mean. With one, the distillation token takes part in
    /// attention and nothing reads it at the end: it is a register token with a position of its own.
    /// </summary>
    internal static VisionTransformerArchitecture ReadDeit(HuggingFaceSource source)
    {
        var body = Body(source, _standard);
        if (!source.HasHead(TeacherHead, ForClassesWithTeacher))
            return WithHead(body with { RegisterTokens = 1 }, source);
        int classes = source.Outputs(TeacherHead, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey);
        return body with { DistillationToken = true, Classes = classes };
    }

    private static VisionTransformerArchitecture Body(HuggingFaceSource source, VisionTransformerArchitecture standard) =>
        (HuggingFaceTower.Read(source.Root, standard) with { QkvBias = source.Root.Switch("qkv_bias", true) }).WithDropout(source.Root);

    /// <summary>A classifier on the class token; without one the features, behind the pooler if there is one.</summary>
    private static VisionTransformerArchitecture WithHead(VisionTransformerArchitecture body, HuggingFaceSource source)
    {
        if (source.HasHead(Head, ForClasses))
            return body with { Classes = source.Outputs(Head, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey) };
        if (source.Find(Pooler) is null)
            return body with { Classes = 0 };
        if (source.Root.Text("pooler_act") is { } activation && activation != "tanh")
            throw source.Root.Unsupported("pooler_act", "a pooler with tanh is read; take another checkpoint.");
        int width = source.Root.Whole("pooler_output_size", body.EmbeddingDimension);
        return body with { Classes = 0, RepresentationDimension = source.Outputs(Pooler, width, "pooler_output_size") };
    }
}
