// The rank of this process and the number of processes, for programs started with mpirun.
using Microsoft.ML.VisionTransformer.Distributed;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The process group that an MPI launcher started, for example with <c>mpirun -n 4 program</c>. A program that was
/// started without a launcher is rank 0 of 1, and no MPI library is loaded. The process joins the group when you first
/// use this class, and leaves it when the process ends.
/// </summary>
/// <exception cref="InvalidOperationException">
/// A launcher started the process, but no MPI library was found. The message names the package to install.
/// </exception>
/// <example>
/// Start this program with <c>mpirun -n 2 dotnet program.dll</c> to train on two processes. Without <c>mpirun</c> it
/// trains on one.
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext(seed: 1);
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
///     .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
///     {
///         FeatureColumnName = "ImagePath",
///         PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
///         Epoch = 2,
///         Distributed = DistributedTraining.Auto,                  // the default
///         DistributedLearningRate = LearningRateScaling.Root,
///     }));
/// using var model = pipeline.Fit(images);
/// if (DistributedRun.IsMain)    // every process has the model, and one of them saves it
///     mlContext.Model.Save(model, images.Schema, "flowers.zip");
/// Console.WriteLine($"Process {DistributedRun.Rank} of {DistributedRun.Size} is done.");
/// </code>
/// </example>
public static class DistributedRun
{
    /// <summary>Number of this process within its group, from 0.</summary>
    public static int Rank => ProcessGroup.Current?.Rank ?? 0;

    /// <summary>Number of processes in the group, at least 1.</summary>
    public static int Size => ProcessGroup.Current?.Size ?? 1;

    /// <summary>Whether this process has rank 0. That process writes the files and the log.</summary>
    public static bool IsMain => Rank == 0;

    /// <summary>
    /// Collects bytes from all processes and returns all of them in every process (all-gather). All processes must call
    /// it, in the same order, and each call waits for the others. Use it to combine the results of rows that you split
    /// among processes.
    /// </summary>
    /// <param name="own">The bytes of this process. Lengths may differ. The total must be less than 2 GiB.</param>
    /// <returns>
    /// One entry per process, in the order of the ranks. In a single process, a copy of <paramref name="own"/>.
    /// </returns>
    /// <exception cref="IOException">The other processes cannot be reached.</exception>
    public static IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => ProcessGroup.Current?.Gather(own) ?? [own.ToArray()];
}
