// The cost of a learning curve relative to the cross-validation that is done in any case, and to a whole training.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.LinearProbe;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class LearningCurveCost
{
    internal const string Command = "curve";

    /// <summary>Synthetic features.</summary>
    internal static void Run()
    {
        foreach (var (rows, dimension, classes) in new[] { (160, 192, 5), (300, 192, 10), (5_000, 192, 100), (5_000, 768, 100) })
            Run(rows, dimension, classes);
    }

    /// <summary>A linear probe of a folder of photos, with a curve and without.</summary>
    internal static void Run(string folder, string weights)
    {
        var context = new MLContext(seed: 1);
        var photos = context.Data.LoadImagesFromFolder(folder);
        var data = context.Transforms.Conversion.MapValueToKey("Label").Fit(photos).Transform(photos);
        for (int round = 0; round < 3; round++)
        {
            var (without, _) = Train(data, weights, curve: false);
            var (with, history) = Train(data, weights, curve: true);
            Console.WriteLine($"training {without:F2} s, with a learning curve {with:F2} s: {string.Join(", ", history.LearningCurve.Select(point => $"{point.Images}: {point.Accuracy:P1}"))}");
        }
    }

    private static void Run(int rows, int dimension, int classes)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var random = RandomStream.For(1);
        float[] centers = [.. Enumerable.Range(0, classes * dimension).Select(_ => (float)random.NextGaussian())];
        long[] targets = [.. Enumerable.Range(0, rows).Select(row => (long)row % classes)];
        float[] ones = new float[rows];
        Array.Fill(ones, 1);
        using var features = FeatureMatrix.Of(
            [.. targets.SelectMany(target => Enumerable.Range(0, dimension).Select(i => 0.3f * centers[target * dimension + i] + (float)random.NextGaussian()))], targets, ones, classes);
        var validation = new CrossValidation(features, seed: 1, () => { });
        var clock = Stopwatch.StartNew();
        var probe = validation.Measure(null);
        var measured = clock.Elapsed;
        var given = validation.Measure(probe.Penalty);
        var one = clock.Elapsed - measured;
        clock.Restart();
        var curve = validation.Curve(probe);
        var drawn = clock.Elapsed;
        clock.Restart();
        new LogisticRegression(features, probe.Penalty).Fit(null, 100);
        Console.WriteLine(
            $"{rows} x {dimension}, {classes} classes: choice of the penalty {measured.TotalSeconds:F1} s ({probe.Penalty}: {probe.Accuracy:P1}), one penalty {one.TotalSeconds:F1} s ({given.Accuracy:P1}), "
            + $"curve {drawn.TotalSeconds:F1} s, fit {clock.Elapsed.TotalSeconds:F1} s; {string.Join(", ", curve.Select(point => $"{point.Images}: {point.Accuracy:P1}"))}");
    }

    private static (double Seconds, TrainingHistory History) Train(IDataView data, string weights, bool curve)
    {
        var clock = Stopwatch.StartNew();
        using var model = new MLContext(seed: 1).MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
        {
            FeatureColumnName = "ImagePath",
            PretrainedModel = weights,
            Strategy = TrainingStrategy.LinearProbe,
            LearningCurve = curve,
            Device = "cpu",
        }).Fit(data);
        return (clock.Elapsed.TotalSeconds, model.TrainingHistory!);
    }
}
