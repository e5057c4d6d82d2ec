// Scores images with all processes of a run; each of them gets all results, in the order of the images.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;

namespace Microsoft.ML.VisionTransformer.Cli.Processes;

internal static class SharedScoring
{
    /// <summary>
    /// Scores lazily, in rounds: each process a batch of its share, then all exchange what they have. A process holds the results of one round, however
    /// many images there are.
    /// </summary>
    /// <exception cref="OperationCanceledException">Between two batches.</exception>
    /// <exception cref="TeamFailureException">Another process has failed.</exception>
    internal static IEnumerable<ScoredImage> Score(Team team, IImageScorer model, IReadOnlyList<InputImage> images, CancellationToken cancellation) =>
        team.Size == 1 ? BatchScoring.Score(model, images, cancellation) : InRounds(team, model, images, cancellation);

    private static IEnumerable<ScoredImage> InRounds(Team team, IImageScorer model, IReadOnlyList<InputImage> images, CancellationToken cancellation)
    {
        using var own = BatchScoring.Score(model, Share(images, team.Rank, team.Size), cancellation).GetEnumerator();
        foreach (var round in images.Chunk(BatchScoring.BatchSize * team.Size))
        {
            var shares = Enumerable.Range(0, team.Size).Select(rank => round.Where((_, i) => i % team.Size == rank).ToArray()).ToArray();
            var answers = team.Exchange(ScoreBytes.Of(Next(own, shares[team.Rank].Length)));
            var scores = answers.Select((bytes, rank) => ScoreBytes.Read(bytes, shares[rank]).ToArray()).ToArray();
            for (int i = 0; i < round.Length; i++)
                yield return scores[i % team.Size][i / team.Size];
        }
    }

    /// <summary>
    /// The images that are one process's. Rounds hold a multiple of the processes' number of images, so a round's shares are parts of the whole's.
    /// </summary>
    private static InputImage[] Share(IReadOnlyList<InputImage> images, int rank, int size)
    {
        var data = new MLContext().Data;
        var rows = data.LoadFromEnumerable(Enumerable.Range(0, images.Count).Select(i => new NumberedRow { Number = i }));
        return [.. data.ShardRows(rows, rank, size).GetColumn<int>(nameof(NumberedRow.Number)).Select(i => images[i])];
    }

    private static IEnumerable<ScoredImage> Next(IEnumerator<ScoredImage> scores, int count)
    {
        for (int i = 0; i < count && scores.MoveNext(); i++)
            yield return scores.Current;
    }

    private sealed class NumberedRow
    {
        public int Number { get; set; }
    }
}
