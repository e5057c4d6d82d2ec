// The estimator of attention maps: there is nothing to learn.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>Adds attention maps of a trained model to a pipeline.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use `mlContext.Transforms.VisionTransformerExplanation(...)`.
///
/// ### Input and output columns
/// The input column is any that the model takes: vector of Byte, `MLImage`, text (a path), or vector of Single of the network's size. The output column is
/// a matrix of Single of known size, rows x columns of patches.
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

    /// <summary>The transformer, after a look at the image column.</summary>
    /// <param name="input">The rows; only their columns are looked at.</param>
    /// <returns>The transformer; it uses the model and does not own it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public VisionTransformerExplanationTransformer Fit(IDataView input)
    {
        _transformer.GetOutputSchema(Guard.NotNull(input).Schema);
        return _transformer;
    }

    /// <summary>The input's columns with the map.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>Those, and the map.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _transformer.AddTo(inputSchema);
}
