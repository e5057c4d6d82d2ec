// Each question is a pair, measured in turn in one run; the answer is a ratio. Run it with nothing else running.
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
    default:
        Console.Error.WriteLine("usage: Benchmarks [--photos <folder of class folders>] | load");
        return 2;
}
