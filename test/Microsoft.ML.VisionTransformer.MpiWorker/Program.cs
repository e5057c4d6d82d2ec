// What a test starts under mpirun: one job of the list below.
using Microsoft.ML.VisionTransformer.MpiWorker;

switch (args)
{
    case ["collectives"]:
        Collectives.Run();
        return 0;
    case ["mixed-ends"]:
        return Collectives.EndDifferently();
    case ["train", .. var settings]:
        TrainingJob.Run(TrainingSettings.Parse(settings));
        return 0;
    case ["stuck"]:
        Collectives.WaitForOneThatDoesNotCome();
        return 0;
    default:
        Console.Error.WriteLine("collectives | mixed-ends | stuck | train key=value ...");
        return 2;
}
