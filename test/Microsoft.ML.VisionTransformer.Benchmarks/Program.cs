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
    case ["wait", var folder]:
        ImageWait.Run(folder);
        return 0;
    case ["memory", var limit, var data]:
        FlatMemory.Run(int.Parse(limit, CultureInfo.InvariantCulture), int.Parse(data, CultureInfo.InvariantCulture));
        return 0;
    default:
        Console.Error.WriteLine("usage: Benchmarks [--photos <folder of class folders>] | load | wait <folder of class folders> | memory <limit in MiB> <images in MiB>");
        return 2;
}
