// Adds attention maps to the rows of a pipeline.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Transformers;

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
    private readonly VisionTransformerPredictionTransformer _model;
    private readonly RowScorer _scorer;
    private readonly string _output;
    private readonly string _input;

    internal VisionTransformerExplanationTransformer(VisionTransformerPredictionTransformer model, string output, string input, ExplanationMethod method)
    {
        _model = Guard.NotNull(model);
        _input = Guard.NotBlank(input, "inputColumnName");
        OutputColumns.Check([("outputColumnName", output)], [("inputColumnName", input)]);
        _output = output;
        _scorer = model.Explainer(Guard.Defined(method));
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
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        FindImages(inputSchema);
        return AddTo(inputSchema);
    }

    /// <summary>Explains lazily, in batches.</summary>
    /// <param name="input">The rows; they are read when the result is.</param>
    /// <returns>The same rows with their map.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input)
    {
        Guard.NotNull(input);
        _scorer.ThrowIfDisposed();
        return new BatchScoringView(input, AddTo(input.Schema), _scorer, FindImages(input.Schema));
    }

    /// <summary>Explains row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>What adds the map to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        _scorer.ThrowIfDisposed();
        var images = FindImages(inputSchema);
        return new ScoringRowMapper(inputSchema, AddTo(inputSchema), _scorer, images);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException(
        $"The column '{_output}' of attention maps cannot be saved in a model file. Save the pipeline without it, "
        + "and after loading put mlContext.Transforms.VisionTransformerExplanation behind the model again.");

    /// <summary>The columns as far as they are known before there is data.</summary>
    internal SchemaShape AddTo(SchemaShape input)
    {
        ImageColumn.Check(Guard.NotNull(input), _input);
        return SchemaShapes.Of([.. input.Where(c => c.Name != _output), SchemaShapes.Vector(_output, NumberDataViewType.Single)]);
    }

    private DataViewSchema AddTo(DataViewSchema input)
    {
        var grid = _model.Architecture.Grid;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(_output, new VectorDataViewType(NumberDataViewType.Single, grid.Height, grid.Width));
        return builder.ToSchema();
    }

    private ImageColumn FindImages(DataViewSchema schema) => ImageColumn.Of(Guard.NotNull(schema), _input, _model.Preprocessing);
}
