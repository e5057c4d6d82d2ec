// Runs every comparison of docs/performance.md.
namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class AllContests
{
    internal const string Command = "all";

    private const int PaintedPhotos = 200;

    /// <summary>Prints the tables (a) to (e), each with the peak memory (f) of its sides.</summary>
    /// <param name="networks">Names of architectures.</param>
    /// <param name="photos">A folder of class folders; null for generated photos.</param>
    internal static void Run(string[] networks, string? photos)
    {
        string folder = photos ?? Directory.CreateTempSubdirectory("vit-photos-").FullName;
        try
        {
            if (photos is null)
                PhotoPainting.Fill(folder, PaintedPhotos);
            ForwardContest.Run(networks, [1, 8, 32], Pair.Rounds);
            WholeContest.Pipelines(folder, networks, Pair.Rounds);
            WholeContest.Engines(folder, networks, Pair.Rounds);
            StepCost.Run();
            ModelZip.Run();
        }
        finally
        {
            if (photos is null)
                Directory.Delete(folder, recursive: true);
        }
    }
}
