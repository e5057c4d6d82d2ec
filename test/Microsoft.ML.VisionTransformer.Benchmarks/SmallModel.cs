// A small classifier for memory tests: leaks also occur with small networks, which process more rows per minute.
namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class SmallModel
{
    private const int Different = 64;

    /// <summary>Generated photos to repeat.</summary>
    internal static Photo[] Photos { get; } = [.. Enumerable.Range(0, Different).Select(PhotoPainting.Small)];

    /// <summary>A classifier with an image column named Image; null for the default preprocessing.</summary>
    internal static VisionTransformerPredictionTransformer Make(MLContext context, ImagePreprocessing? preprocessing = null)
    {
        var data = context.Data.LoadFromEnumerable(Photos);
        var labeled = context.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        return context.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
        {
            FeatureColumnName = nameof(Photo.Image),
            Arch = Workload.Architecture with { ImageSize = 32, PatchSize = 8, Depth = 2, EmbeddingDimension = 48, Heads = 3 },
            Preprocessing = preprocessing,
            Epoch = 1,
            BatchSize = Workload.BatchSize,
            ValidationSetFraction = null,
            Device = "cpu",
        }).Fit(labeled);
    }
}
