// Columns of a schema that is known before any data is: ML.NET lets only its own estimators make them.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Interop;

internal static class SchemaShapes
{
    /// <summary>A scalar column; <paramref name="isKey"/> makes it a key of that raw type.</summary>
    internal static SchemaShape.Column Scalar(string name, DataViewType itemType, bool isKey = false, params SchemaShape.Column[] annotations) =>
        new(name, SchemaShape.Column.VectorKind.Scalar, itemType, isKey, new SchemaShape(annotations));

    /// <summary>A column of vectors of one known length.</summary>
    internal static SchemaShape.Column Vector(string name, DataViewType itemType, params SchemaShape.Column[] annotations) =>
        new(name, SchemaShape.Column.VectorKind.Vector, itemType, false, new SchemaShape(annotations));

    /// <summary>A shape of these columns.</summary>
    internal static SchemaShape Of(IEnumerable<SchemaShape.Column> columns) => new(columns);
}
