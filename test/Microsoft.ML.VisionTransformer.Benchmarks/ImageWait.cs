// The fraction of training time in which the network waits for images.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class ImageWait
{
    private const int Epochs = 3;

    /// <summary>Trains a ViT-Ti/16 at 224 on the files of a folder, read again in each epoch and augmented, as a user would.</summary>
    internal static void Run(string folder)
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadImagesFromFolder(folder);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label").Append(context.MulticlassClassification.Trainers.VisionTransformer(
            new VisionTransformerTrainer.Options
            {
                FeatureColumnName = "ImagePath",
                Arch = Workload.Architecture,
                Epoch = Epochs,
                BatchSize = Workload.BatchSize,
                MetricsCallback = Print,
                Device = "cpu",
            }));
        Console.WriteLine($"{Workload.Architecture.Name}, batches of {Workload.BatchSize}, {Environment.ProcessorCount} processors");
        using var model = pipeline.Fit(data);
    }

    private static void Print(TrainingMetrics metrics)
    {
        if (metrics.Phase == TrainingPhase.Epoch)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {metrics.Epoch}: waits for images {metrics.ImageWaitFraction:P2} of the time, {metrics.ImagesPerSecond:F1} images/s"));
    }
}
