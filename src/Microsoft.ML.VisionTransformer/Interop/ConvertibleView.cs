// The result of a transformer as ML.NET's ConvertToOnnx needs it: it walks back from the last view of a pipeline to its source.
using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>A view that knows what it was made of and can put that into a graph.</summary>
/// <param name="source">The view it was made of.</param>
/// <param name="view">The view.</param>
/// <param name="column">The column that the graph must have a value for; null where the transformer cannot be part of a graph.</param>
/// <param name="save">Adds the transformer to a graph.</param>
internal sealed class ConvertibleView(IDataView source, IDataView view, string? column, Action<PipelineGraph> save) : ITransformCanSaveOnnx
{
    public IDataView Source => source;

    public DataViewSchema Schema => view.Schema;

    public bool CanShuffle => view.CanShuffle;

    public long? GetRowCount() => view.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => view.GetRowCursor(columnsNeeded, rand);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        view.GetRowCursorSet(columnsNeeded, n, rand);

    /// <summary>Whether the images are pixels: a graph cannot decode files. The graph's columns are not known yet when ML.NET asks first.</summary>
    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx) => column is not null;

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx)
    {
        var graph = new PipelineGraph(ctx);
        if (!graph.HasColumn(column!))
        {
            throw new NotSupportedException(
                $"The pixel column '{column}' is not part of the ONNX graph: the transform that makes it cannot be converted. "
                + "Convert a pipeline whose data has the pixels.");
        }

        save(graph);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        throw new NotSupportedException("A view of scored images cannot be saved; save the model with mlContext.Model.Save.");
}
