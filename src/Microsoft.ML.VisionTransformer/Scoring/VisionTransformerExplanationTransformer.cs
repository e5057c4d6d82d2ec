// Adds attention maps to the rows of a pipeline.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Scoring.Rows;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Adds the attention map of each image's predicted class: a matrix of Single of known size, rows x columns of patches, the numbers of
/// <see cref="AttentionExplanation.Map"/>. A row whose image cannot be read is an error, or NaN, as the model's
/// <see cref="VisionTransformerPredictionTransformer.OnInvalidImage"/> says.
/// </summary>
/// <remarks>
/// <para>Lazy: nothing is computed until the column is read, and each cursor that reads it computes it anew.</para>
/// <para>It uses the model that it was made with and does not own it. It cannot be saved: save the model, and make this one again from the loaded model.</para>
/// </remarks>
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

    /// <summary>How the maps are made.</summary>
    public ExplanationMethod Method { get; }

    /// <summary>True: each row is explained by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, then the map.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of <see cref="Transform"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scorer.OutputSchema(inputSchema);

    /// <summary>Explains lazily, in batches.</summary>
    /// <param name="input">The rows; they are read when the result is.</param>
    /// <returns>The same rows with their map.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input) => _scorer.Transform(input);

    /// <summary>Explains row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>What adds the map to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scorer.RowMapper(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException(
        $"The column '{_output}' of attention maps cannot be saved in a model file. Save the pipeline without it, "
        + "and after loading put mlContext.Transforms.VisionTransformerExplanation behind the model again.");

    /// <summary>The columns as far as they are known before there is data.</summary>
    internal SchemaShape AddTo(SchemaShape input) => OutputColumns.Add(input, _output, _input);
}
