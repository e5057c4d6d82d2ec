// Whether several processes train one model.
namespace Microsoft.ML.VisionTransformer;

/// <summary>What a training does in a process that an MPI launcher (<c>mpirun -n 4 program</c>) started beside others.</summary>
public enum DistributedTraining
{
    /// <summary>All processes train one model together, each on its share of every batch; a process started by hand trains alone.</summary>
    Auto,

    /// <summary>Each process trains a model of its own, and tells the others nothing.</summary>
    Off,
}
