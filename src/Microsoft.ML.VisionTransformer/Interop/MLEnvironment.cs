// What ML.NET knows but shows only to its own components: a catalog's environment, its GPU settings, whether it was told to stop.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.VisionTransformer.Interop;

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

    /// <summary><c>MLContext.GpuDeviceId</c>: the GPU to use, null where the user named none.</summary>
    internal static int? GpuDeviceId(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.GpuDeviceId;

    /// <summary><c>MLContext.FallbackToCpu</c>: whether a GPU that is not there is an error.</summary>
    internal static bool FallbackToCpu(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.FallbackToCpu ?? true;

    /// <exception cref="OperationCanceledException"><c>MLContext.CancelExecution</c> was called.</exception>
    internal static void ThrowIfCanceled(IHostEnvironment environment)
    {
        if (environment is ICancelable { IsCanceled: true })
            throw new OperationCanceledException("The MLContext was told to cancel its work.");
    }
}
