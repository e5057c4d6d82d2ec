// A pass over rows that is shared out, with results in the order of the rows.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// The batches of one process with this batch size, dealt out in turn: their composition, and with it each figure to the last bit, does not depend on how many
/// processes there are. Every process gets all results.
/// </summary>
/// <param name="members">Who takes part; null for this process alone.</param>
/// <param name="plan">How images are prepared, and rows of a batch.</param>
/// <param name="checkAlive">Throws when the run was cancelled; called for each round of batches.</param>
internal sealed class TeamPass(TrainingTeam? members, TrainingPlan plan, Action checkAlive)
{
    private readonly TrainingBatches _batches = new(new ImagePreprocessor(plan.Preprocessing), plan.BatchSize, plan.Seed);

    /// <summary>Runs the pass.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="work">What is done to a batch: its result as bytes.</param>
    /// <param name="take">Gets the results, batch after batch.</param>
    internal void Run(TrainingRow[] rows, Func<TrainingBatch, byte[]> work, Action<byte[]> take)
    {
        var team = members ?? TrainingTeam.Alone;
        int count = (int)((rows.Length + (long)plan.BatchSize - 1) / plan.BatchSize);
        using var own = _batches.ForValidation(rows, team.Rank, team.Size);
        for (int first = 0; first < count; first += team.Size)
        {
            team.CheckAlive(checkAlive);
            byte[] result = own.TryTake(out var batch, team.IsMany ? null : checkAlive) ? work(batch) : [];
            foreach (byte[] part in team.Gather(result).Take(count - first))
                take(part);
        }
    }
}
