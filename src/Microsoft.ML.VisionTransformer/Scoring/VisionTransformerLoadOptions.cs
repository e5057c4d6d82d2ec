// What a user chooses about a pretrained classifier.
namespace Microsoft.ML.VisionTransformer;

/// <summary>Settings of <c>mlContext.Model.LoadVisionTransformer</c>.</summary>
public sealed record VisionTransformerLoadOptions
{
    /// <summary>The output column of probabilities. Default "Score".</summary>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>The output column of the most probable class: a key with the class names as values. Default "PredictedLabel".</summary>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>The network's shape where the checkpoint does not say it, or another image size. Default null: as the checkpoint says.</summary>
    public VisionTransformerArchitecture? Architecture { get; init; }

    /// <summary>How images become the network's input. Default null: as the checkpoint says.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// What the output columns show of a row whose image cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
    /// <see cref="InvalidImageHandling.Missing"/>.
    /// </summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>Where to compute: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Ends a download, and the reading of the weights. Default none.</summary>
    public CancellationToken CancellationToken { get; init; }
}
