// Damages image files by the hundred thousand and reports crashes, hangs, wrong errors and peak memory.
using Microsoft.ML.VisionTransformer.Fuzz;

try
{
    var settings = FuzzSettings.Parse(args);
    var mutator = new Mutator(Mutator.Read(settings.Corpus), settings.Seed);
    if (settings.WorkerState is null)
        return new FuzzParent(settings, mutator).Run() ? 0 : 1;
    FuzzWorker.Run(mutator, settings.First, settings.Count, settings.WorkerState);
    return 0;
}
catch (Exception e) when (e is ArgumentException or FormatException)
{
    Console.Error.WriteLine($"{e.Message}{Environment.NewLine}{FuzzSettings.Usage}");
    return 2;
}
