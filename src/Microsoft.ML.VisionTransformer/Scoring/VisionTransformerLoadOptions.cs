// The options for loading a pretrained classifier.
namespace Microsoft.ML.VisionTransformer;

/// <summary>Options of <c>mlContext.Model.LoadVisionTransformer</c>.</summary>
/// <example>
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext();
/// using var model = mlContext.Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath", new VisionTransformerLoadOptions
///     {
///         PredictedLabelColumnName = "Class",
///         ScoreColumnName = "Probabilities",
///         OnInvalidImage = InvalidImageHandling.Missing,
///         Device = "cpu",
///     });
/// var images = mlContext.Data.TakeRows(mlContext.Data.LoadImagesFromFolder("flowers"), 5);
/// var named = mlContext.Transforms.Conversion.MapKeyToValue("Class").Fit(model.Transform(images));
/// foreach (string name in named.Transform(model.Transform(images)).GetColumn<string>("Class"))
///     Console.WriteLine(name);
/// ]]></code>
/// </example>
public sealed record VisionTransformerLoadOptions
{
    /// <summary>Name of the output column with the class probabilities. Default "Score".</summary>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>
    /// Name of the output column with the most probable class. It is a key, with the class names as values. Default
    /// "PredictedLabel".
    /// </summary>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>
    /// The architecture of the network. Set it for a checkpoint that does not specify one, or for another image size.
    /// Default null: the architecture of the checkpoint.
    /// </summary>
    public VisionTransformerArchitecture? Architecture { get; init; }

    /// <summary>
    /// How images become the input of the network. Default null: the preprocessing of the checkpoint.
    /// </summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// What to do if the image of a row cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
    /// <see cref="InvalidImageHandling.Missing"/>.
    /// </summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>The device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1" or "mps". Default "auto".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Cancels the download and the reading of the weights. Default: a token that is never canceled.</summary>
    public CancellationToken CancellationToken { get; init; }
}
