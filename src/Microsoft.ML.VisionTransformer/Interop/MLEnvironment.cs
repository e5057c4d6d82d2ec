// Wrappers of ML.NET internals: a catalog's environment, annotation names, and columns of schema shapes.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>The environment of a catalog and its settings.</summary>
internal static class MLEnvironment
{
    /// <summary>The environment of an <c>MLContext</c>'s data catalog.</summary>
    internal static IHostEnvironment Of(DataOperationsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>The environment of an <c>MLContext</c>'s trainer catalog.</summary>
    internal static IHostEnvironment Of(MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers) => CatalogUtils.GetEnvironment(trainers);

    /// <summary>The environment of an <c>MLContext</c>'s model catalog.</summary>
    internal static IHostEnvironment Of(ModelOperationsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>The environment of an <c>MLContext</c>'s transforms catalog.</summary>
    internal static IHostEnvironment Of(TransformsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary><c>MLContext.GpuDeviceId</c>: the GPU to use; null if the user set none.</summary>
    internal static int? GpuDeviceId(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.GpuDeviceId;

    /// <summary><c>MLContext.FallbackToCpu</c>: whether to use the CPU if the GPU is not available.</summary>
    internal static bool FallbackToCpu(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.FallbackToCpu ?? true;

    /// <exception cref="OperationCanceledException"><c>MLContext.CancelExecution</c> was called.</exception>
    internal static void ThrowIfCanceled(IHostEnvironment environment)
    {
        if (environment is ICancelable { IsCanceled: true })
            throw new OperationCanceledException("MLContext.CancelExecution was called.");
    }
}

/// <summary>ML.NET's names of column annotations.</summary>
internal static class AnnotationNames
{
    internal const string SlotNames = "SlotNames";
    internal const string KeyValues = "KeyValues";
    internal const string TrainingLabelValues = "TrainingLabelValues";
    internal const string ScoreColumnSetId = "ScoreColumnSetId";
    internal const string ScoreColumnKind = "ScoreColumnKind";
    internal const string ScoreValueKind = "ScoreValueKind";

    /// <summary>Values of <see cref="ScoreColumnKind"/> and <see cref="ScoreValueKind"/>.</summary>
    internal const string MulticlassClassification = "MulticlassClassification", Score = "Score", PredictedLabel = "PredictedLabel";
}

/// <summary>Creates the columns of schema shapes.</summary>
internal static class SchemaShapes
{
    /// <summary>A scalar column; if <paramref name="isKey"/> is true, a key of the given raw type.</summary>
    internal static SchemaShape.Column Scalar(string name, DataViewType itemType, bool isKey = false, params SchemaShape.Column[] annotations) =>
        new(name, SchemaShape.Column.VectorKind.Scalar, itemType, isKey, new SchemaShape(annotations));

    /// <summary>A column of vectors of known length.</summary>
    internal static SchemaShape.Column Vector(string name, DataViewType itemType, params SchemaShape.Column[] annotations) =>
        new(name, SchemaShape.Column.VectorKind.Vector, itemType, false, new SchemaShape(annotations));

    /// <summary>A schema shape with the given columns.</summary>
    internal static SchemaShape Of(IEnumerable<SchemaShape.Column> columns) => new(columns);
}
