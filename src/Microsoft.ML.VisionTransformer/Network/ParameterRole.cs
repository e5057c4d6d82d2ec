// What a parameter is for, as far as drawing its first values is concerned.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>The part a parameter plays; <see cref="InitialValues"/> says what each role starts from.</summary>
internal enum ParameterRole
{
    /// <summary>The class token.</summary>
    ClassToken,

    /// <summary>DeiT's distillation token.</summary>
    DistillationToken,

    /// <summary>The register tokens.</summary>
    RegisterTokens,

    /// <summary>The query of attention pooling.</summary>
    Latent,

    /// <summary>The factors of LayerScale.</summary>
    LayerScale,

    /// <summary>The learned position table.</summary>
    Positions,

    /// <summary>The kernel of the patch projection.</summary>
    PatchWeight,

    /// <summary>The bias of the patch projection.</summary>
    PatchBias,

    /// <summary>The scale of a layer norm.</summary>
    NormWeight,

    /// <summary>The shift of a layer norm.</summary>
    NormBias,

    /// <summary>A matrix inside a block.</summary>
    LinearWeight,

    /// <summary>The bias of an attention layer.</summary>
    LinearBias,

    /// <summary>The bias of an MLP layer.</summary>
    MlpBias,

    /// <summary>The matrix of the head.</summary>
    HeadWeight,

    /// <summary>The bias of the head.</summary>
    HeadBias,
}
