// From a folder of photos to a model in one .zip, and from that .zip to a prediction in another process. See `--help`.
//
// Without arguments it prints one line per epoch, and then, besides a confusion table:
//
//   On the test photos:
//     MicroAccuracy 98.9%  MacroAccuracy 98.9%  LogLoss 0.115
//   Another process loads it:
//     .../star/0244.jpg: star 88.5%, cross 3.1%, stripes 2.7%
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer;
using QuickStart;
using QuickStart.Photos;

return CommandLine.Run(args, TrainTestAndPredict, Prediction.Print);

static void TrainTestAndPredict(Arguments arguments, CancellationToken cancellation)
{
    // Your photos, or generated ones. <folder>/<class>/<image> becomes the columns ImagePath and Label.
    string folder = arguments.Data ?? GeneratedPhotos.Write(arguments.Work, arguments.ImagesPerClass, arguments.Seed, cancellation);
    var mlContext = new MLContext(arguments.Seed);
    var images = mlContext.Data.LoadImagesFromFolder(folder);
    var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.2, seed: arguments.Seed);
    Report.Photos(folder, split);

    // The trainer reads the images itself, from their paths. It trains from scratch and prints one line per epoch.
    var options = arguments.Data is null ? Recipes.ForGeneratedPhotos(arguments) : Recipes.ForYourPhotos(arguments);
    options.LabelColumnName = "Label";
    options.FeatureColumnName = "ImagePath";
    options.MetricsCallback = metrics =>
    {
        if (metrics.Phase == TrainingPhase.Epoch)
            Console.WriteLine(metrics);
    };
    options.CancellationToken = cancellation;
    Report.Network(options);

    var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
        .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(options))
        .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    var clock = Stopwatch.StartNew();
    using var model = pipeline.Fit(split.TrainSet);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Trained in {clock.Elapsed.TotalSeconds:F0} seconds."));

    // Evaluate on photos that were not used for training.
    Report.Test(mlContext.MulticlassClassification.Evaluate(model.Transform(split.TestSet)));
    cancellation.ThrowIfCancellationRequested();

    mlContext.Model.Save(model, images.Schema, arguments.Model);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Saved {arguments.Model} ({new FileInfo(arguments.Model).Length / 1e6:F1} MB)."));

    // Another process needs only the .zip and the path of a photo.
    string photo = mlContext.Data.ShuffleRows(split.TestSet, arguments.Seed).GetColumn<string>("ImagePath").First();
    Console.WriteLine();
    Console.WriteLine("Another process loads it:");
    OtherProcess.Run(["predict", arguments.Model, photo], cancellation);
}
