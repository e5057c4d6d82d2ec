// What a user chooses about embeddings.
namespace Microsoft.ML.VisionTransformer;

/// <summary>Settings of <c>mlContext.Transforms.VisionTransformerFeatures</c>.</summary>
public sealed record VisionTransformerFeatureOptions
{
    /// <summary>
    /// The network: a file, a folder, or the id of a model on a Hugging Face hub, as <see cref="VisionTransformerCheckpoint.Load"/> takes it. Must be set.
    /// </summary>
    public string PretrainedModel { get; init; } = "";

    /// <summary>The network's shape where the checkpoint does not say it, or another image size. Default null: as the checkpoint says.</summary>
    public VisionTransformerArchitecture? Architecture { get; init; }

    /// <summary>Which embedding. Default what the network's own head sees.</summary>
    public FeatureKind Kind { get; init; } = FeatureKind.Pooled;

    /// <summary>Whether each embedding is divided by its Euclidean length. Default false.</summary>
    public bool Normalize { get; init; }

    /// <summary>How images become the network's input. Default null: as the checkpoint says.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// What the embedding of a row is whose image cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
    /// <see cref="InvalidImageHandling.Missing"/>.
    /// </summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>Where to compute: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Ends a download, and the reading of the weights. Default none.</summary>
    public CancellationToken CancellationToken { get; init; }
}
