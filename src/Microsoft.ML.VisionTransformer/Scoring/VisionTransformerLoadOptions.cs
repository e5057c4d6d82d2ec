// The options for loading a pretrained classifier.
namespace Microsoft.ML.VisionTransformer;

/// <summary>Settings of <c>mlContext.Model.LoadVisionTransformer</c>.</summary>
public sealed record VisionTransformerLoadOptions
{
    /// <summary>Name of the output column with the class probabilities. Default "Score".</summary>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>Name of the output column with the most probable class, a key with the class names as values. Default "PredictedLabel".</summary>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>
    /// The network architecture, for a checkpoint that does not specify one or for another image size. Default null: the checkpoint's.
    /// </summary>
    public VisionTransformerArchitecture? Architecture { get; init; }

    /// <summary>How images are converted to the network's input. Default null: the checkpoint's preprocessing.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// How rows whose image cannot be read are handled: <see cref="InvalidImageHandling.Throw"/>, the default, or
    /// <see cref="InvalidImageHandling.Missing"/>.
    /// </summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>The compute device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Cancels the download and the reading of the weights. Default none.</summary>
    public CancellationToken CancellationToken { get; init; }
}
