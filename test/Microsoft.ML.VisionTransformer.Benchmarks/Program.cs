// Each question is a pair, measured in turn in one run; the answer is a ratio. Run it with nothing else running.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Benchmarks;

switch (args)
{
    case ["images", var imageFolder]:
        ImageSpeed.Run(imageFolder);
        return 0;
    case ["scaled", var imageFolder, var weights, .. var noise]:
        new ScaledDecodingEffect(imageFolder, weights, noise.Length == 0 ? 0 : double.Parse(noise[0], CultureInfo.InvariantCulture)).Measure();
        return 0;
}

string? photos = args is ["--photos", var folder] ? folder : null;
if (args.Length > 0 && photos is null)
{
    Console.Error.WriteLine("""
        usage: Benchmarks [--photos <folder of class folders>]                   training and scoring beside bare TorchSharp
               Benchmarks images <folder of JPEGs>                               decoding and resizing beside SkiaSharp
               Benchmarks scaled <folder of class folders> <weights> [<noise>]   what scaled decoding changes
        """);
    return 2;
}

using var workload = new Workload(photos);
Console.WriteLine($"{Workload.Architecture.Name}, batches of {Workload.BatchSize}, {workload.Count} images, {Environment.ProcessorCount} processors; medians of {Pair.Rounds} rounds");
Pair.Measure("training: Fit (decode, augment, train) / bare TorchSharp loop on ready tensors", () => Training.Library(workload), () => Training.Bare(workload));
using var scoring = new Scoring(workload);
Pair.Measure("scoring: Transform (decode, resize, score) / bare TorchSharp loop on ready tensors", scoring.Library, scoring.Bare);
return 0;
