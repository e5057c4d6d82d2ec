// Fuzzes images, model files and checkpoints with many damaged files, and reports crashes, hangs, unexpected errors and peak memory.
using Microsoft.ML.VisionTransformer.Fuzz;

try
{
    var settings = FuzzSettings.Parse(args);
    var format = settings.Open();
    if (settings.WorkerState is null)
        return new FuzzParent(settings, format).Run() ? 0 : 1;
    FuzzWorker.Run(format, settings.First, settings.Count, settings.WorkerState);
    return 0;
}
catch (Exception e) when (e is ArgumentException or FormatException)
{
    Console.Error.WriteLine($"{e.Message}{Environment.NewLine}{FuzzSettings.Usage}");
    return 2;
}
