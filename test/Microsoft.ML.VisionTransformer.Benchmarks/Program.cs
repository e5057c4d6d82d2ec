// Each question is a pair, measured in turn in one run; the answer is a ratio. Run it with nothing else running.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Benchmarks;

switch (args)
{
    case []:
        return Pipelines.Run(photos: null);
    case ["--photos", var folder]:
        return Pipelines.Run(folder);
    case ["load"]:
        Loading.Run();
        return 0;
    case [Loading.PeakCommand, var path]:
        Loading.Peak(path);
        return 0;
    case ["images", var imageFolder]:
        ImageSpeed.Run(imageFolder);
        return 0;
    case ["scaled", var imageFolder, var weights, .. var noise]:
        new ScaledDecodingEffect(imageFolder, weights, noise.Length == 0 ? 0 : double.Parse(noise[0], CultureInfo.InvariantCulture)).Measure();
        return 0;
    default:
        Console.Error.WriteLine("""
            usage: Benchmarks [--photos <folder of class folders>]                   training and scoring beside bare TorchSharp
                   Benchmarks load                                                   a checkpoint beside reading its bytes
                   Benchmarks images <folder of JPEGs>                               decoding and resizing beside SkiaSharp
                   Benchmarks scaled <folder of class folders> <weights> [<noise>]   what scaled decoding changes
            """);
        return 2;
}
