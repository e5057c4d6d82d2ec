// The cost of a linear probe relative to one pass of its backbone over the same images.
using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class ProbeCost
{
    private const int Epochs = 50;

    internal static void Run(string folder, string weights)
    {
        var context = new MLContext(seed: 1);
        var photos = context.Data.LoadImagesFromFolder(folder);
        var data = context.Transforms.Conversion.MapValueToKey("Label").Fit(photos).Transform(photos);
        using var features = context.Transforms.VisionTransformerFeatures("Features", "ImagePath", new() { PretrainedModel = weights, Device = "cpu" }).Fit(data);
        Pair.Measure(
            $"linear probe of {Epochs} epochs / one pass of the backbone (decoding included), passes a second",
            () => Speed(() => Probe(data, weights)),
            () => Speed(() => features.Transform(data).GetColumn<float[]>("Features").ToArray().AsSpan().Clear()),
            "a second");
    }

    private static void Probe(IDataView data, string weights) => new MLContext(seed: 1).MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "ImagePath",
        PretrainedModel = weights,
        Strategy = TrainingStrategy.LinearProbe,
        Epoch = Epochs,
        Device = "cpu",
    }).Fit(data).Dispose();

    private static double Speed(Action work)
    {
        var clock = Stopwatch.StartNew();
        work();
        return 1 / clock.Elapsed.TotalSeconds;
    }
}
