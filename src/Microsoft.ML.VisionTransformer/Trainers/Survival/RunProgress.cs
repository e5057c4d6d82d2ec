// How far a run has come: what is written down for it to go on from.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Everything about a run between two updates that is not a tensor.</summary>
internal sealed record RunProgress
{
    /// <summary>The run's seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Updates done.</summary>
    public required int Step { get; init; }

    /// <summary>Sums over the rows of the epoch under way.</summary>
    public double LossSum { get; init; }

    public double Weight { get; init; }

    public long Right { get; init; }

    public int Rows { get; init; }

    /// <summary>Figures of the epochs that are complete, validation included.</summary>
    public IReadOnlyList<TrainingMetrics> Epochs { get; init; } = [];

    /// <summary>The best so far.</summary>
    public ValidationResult? Best { get; init; }

    /// <summary>Time the run has taken, over all its parts.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether early stopping ended the run.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>Whether nothing is left to do: the parameters are those of the model.</summary>
    public bool Finished { get; init; }

    /// <summary>The sums as a mean.</summary>
    internal RunningMean EpochSoFar => new(LossSum, Weight, Right, Rows);
}
