// The column that embedding adds.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Adds the column to schemas.</summary>
/// <param name="Image">The image column that is read.</param>
/// <param name="Output">The column of embeddings.</param>
/// <param name="Kind">Which embedding.</param>
/// <param name="Normalize">Whether each is scaled to length 1.</param>
internal sealed record FeatureColumn(string Image, string Output, FeatureKind Kind, bool Normalize)
{
    /// <summary>What becomes of a row whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>The input's columns, then the embedding; a column of the same name in the input stays, hidden.</summary>
    internal DataViewSchema AddTo(DataViewSchema input, int width)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(Output, new VectorDataViewType(NumberDataViewType.Single, width));
        return builder.ToSchema();
    }

    /// <summary>The columns as far as they are known before there is data.</summary>
    internal SchemaShape AddTo(SchemaShape input) =>
        SchemaShapes.Of([.. input.Where(c => c.Name != Output), SchemaShapes.Vector(Output, NumberDataViewType.Single)]);
}
