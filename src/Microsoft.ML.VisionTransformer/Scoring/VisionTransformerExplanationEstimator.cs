// The estimator that adds attention maps to a pipeline; it has nothing to train.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Adds explanations of a trained model to a pipeline: for each image a map that shows which patches support the
/// predicted class.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use `mlContext.Transforms.VisionTransformerExplanation(...)`.
///
/// ### Input and output columns
/// The image column has any type that the model accepts: vector of Byte, `MLImage`, text (a path), or vector of Single of the network's input size.
/// The map column is a matrix of Single of known size, patch rows x patch columns.
///
/// ### Estimator characteristics
/// | Characteristic | Value |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Can the transformer be saved? | No |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
/// <example>
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext();
/// using var model = mlContext.Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
/// var images = mlContext.Data.TakeRows(mlContext.Data.LoadImagesFromFolder("flowers"), 5);
///
/// VisionTransformerExplanationEstimator estimator =
///     mlContext.Transforms.VisionTransformerExplanation("Map", "ImagePath", model, ExplanationMethod.Rollout);
/// VisionTransformerExplanationTransformer transformer = estimator.Fit(images);
/// foreach (VBuffer<float> map in transformer.Transform(images).GetColumn<VBuffer<float>>("Map"))
///     Console.WriteLine($"{map.Length} patches, largest value {map.DenseValues().Max()}");
/// ]]></code>
/// </example>
public sealed class VisionTransformerExplanationEstimator : IEstimator<VisionTransformerExplanationTransformer>
{
    private readonly VisionTransformerExplanationTransformer _transformer;

    internal VisionTransformerExplanationEstimator(VisionTransformerExplanationTransformer transformer) => _transformer = transformer;

    /// <summary>Checks the image column and returns the transformer.</summary>
    /// <param name="input">The rows. Only the schema is read.</param>
    /// <returns>The transformer. It uses the model but does not own it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public VisionTransformerExplanationTransformer Fit(IDataView input)
    {
        _transformer.GetOutputSchema(Guard.NotNull(input).Schema);
        return _transformer;
    }

    /// <summary>Returns the columns of the input and the map column.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the output.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _transformer.AddTo(inputSchema);
}
