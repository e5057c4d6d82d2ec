// The transformer that adds attention maps to the rows of a pipeline.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Scoring.Rows;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Adds the explanation of each image's predicted class. The column is a matrix of Single of known size, patch rows x
/// patch columns, with the values of <see cref="AttentionExplanation.Map"/>. If an image cannot be read,
/// <see cref="VisionTransformerPredictionTransformer.OnInvalidImage"/> of the model decides whether reading the row
/// throws or gives NaN.
/// </summary>
/// <remarks>
/// <para>
/// Evaluation is lazy: nothing is computed until the column is read. Each cursor that reads it computes it again.
/// </para>
/// <para>
/// The transformer uses the model but does not own it. You cannot save it. Save the model, and create the transformer
/// again from the loaded model.
/// </para>
/// </remarks>
/// <seealso cref="VisionTransformerExplanationEstimator"/>
public sealed class VisionTransformerExplanationTransformer : ITransformer
{
    private readonly RowScorer _scorer;
    private readonly string _output;
    private readonly string _input;

    internal VisionTransformerExplanationTransformer(VisionTransformerPredictionTransformer model, string output, string input, ExplanationMethod method)
    {
        Guard.NotNull(model);
        _input = Guard.NotBlank(input, "inputColumnName");
        OutputColumns.Check([("outputColumnName", output)], [("inputColumnName", input)]);
        _output = output;
        _scorer = model.Explainer(Guard.Defined(method), input, output);
        Method = method;
    }

    /// <summary>The method that computes the maps.</summary>
    public ExplanationMethod Method { get; }

    /// <summary>Always true, because each row is explained independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>Returns the columns of the input, followed by the map column.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the result of <see cref="Transform"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scorer.OutputSchema(inputSchema);

    /// <summary>Computes maps lazily, in batches.</summary>
    /// <param name="input">The rows. They are read when the result is read.</param>
    /// <returns>The same rows with the map column.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input) => _scorer.Transform(input);

    /// <summary>Returns a mapper that computes maps row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>A mapper that adds the map to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scorer.RowMapper(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException(
        $"The column '{_output}' of attention maps cannot be saved in a model file. Save the pipeline without it, "
        + "and append mlContext.Transforms.VisionTransformerExplanation to the model again after loading.");

    /// <summary>The output columns that are known before any data is read.</summary>
    internal SchemaShape AddTo(SchemaShape input) => OutputColumns.Add(input, _output, _input);
}
