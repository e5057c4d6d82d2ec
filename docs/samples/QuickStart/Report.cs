// Prints the photos and the network before training, and the test results after it.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer;

namespace QuickStart;

internal static class Report
{
    internal static void Photos(string folder, DataOperationsCatalog.TrainTestData split)
    {
        int train = split.TrainSet.GetColumn<string>("Label").Count(), test = split.TestSet.GetColumn<string>("Label").Count();
        if (test == 0)
            throw new InvalidDataException($"None of the {train} photos in {folder} fell into the test set; add photos.");
        Console.WriteLine($"{folder}: {train} photos to train on, {test} to test with.");
    }

    internal static void Network(VisionTransformerTrainer.Options options)
    {
        var network = options.Arch!;
        Console.WriteLine(
            $"Network: {network.ImageSize} pixels, patches of {network.PatchSize}, {network.Depth} blocks of width {network.EmbeddingDimension}, from scratch. {options.Epoch} epochs.");
        Console.WriteLine();
    }

    internal static void Test(MulticlassClassificationMetrics metrics)
    {
        Console.WriteLine();
        Console.WriteLine("On the test photos:");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  MicroAccuracy {100 * metrics.MicroAccuracy:F1}%  MacroAccuracy {100 * metrics.MacroAccuracy:F1}%  LogLoss {metrics.LogLoss:F3}"));
        Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());
    }
}
