// The estimator that adds attention maps to a pipeline; it has nothing to train.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>Adds the attention maps of a trained model to a pipeline.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use `mlContext.Transforms.VisionTransformerExplanation(...)`.
///
/// ### Input and output columns
/// The input column has any type that the model accepts: vector of Byte, `MLImage`, text (a path), or vector of Single of the network's input size.
/// The output column is a matrix of Single of known size, patch rows x patch columns.
///
/// ### Estimator characteristics
/// | Characteristic | Value |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Can the transformer be saved? | No |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
public sealed class VisionTransformerExplanationEstimator : IEstimator<VisionTransformerExplanationTransformer>
{
    private readonly VisionTransformerExplanationTransformer _transformer;

    internal VisionTransformerExplanationEstimator(VisionTransformerExplanationTransformer transformer) => _transformer = transformer;

    /// <summary>Checks the image column and returns the transformer.</summary>
    /// <param name="input">The rows; only the schema is read.</param>
    /// <returns>The transformer; it uses the model but does not own it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public VisionTransformerExplanationTransformer Fit(IDataView input)
    {
        _transformer.GetOutputSchema(Guard.NotNull(input).Schema);
        return _transformer;
    }

    /// <summary>The input columns and the map column.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the output.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _transformer.AddTo(inputSchema);
}
