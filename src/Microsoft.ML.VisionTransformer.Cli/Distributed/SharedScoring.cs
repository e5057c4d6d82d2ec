// Scores images with all processes of a run; each of them gets all results, in the order of the images.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;

namespace Microsoft.ML.VisionTransformer.Cli.Distributed;

internal static class SharedScoring
{
    /// <summary>
    /// Scores lazily, in rounds: each process a batch of its share, then all exchange what they have. A process holds the results of one round, however
    /// many images there are.
    /// </summary>
    /// <exception cref="OperationCanceledException">Between two batches.</exception>
    /// <exception cref="ProcessFailureException">Another process has failed.</exception>
    internal static IEnumerable<ScoredImage> Score(RunGroup group, IImageScorer model, IReadOnlyList<InputImage> images, CancellationToken cancellation) =>
        group.Size == 1 ? BatchScoring.Score(model, images, cancellation) : InRounds(group, model, images, cancellation);

    private static IEnumerable<ScoredImage> InRounds(RunGroup group, IImageScorer model, IReadOnlyList<InputImage> images, CancellationToken cancellation)
    {
        using var own = BatchScoring.Score(model, Fraction(images, group.Rank, group.Size), cancellation).GetEnumerator();
        foreach (var round in images.Chunk(BatchScoring.BatchSize * group.Size))
        {
            var fractions = Enumerable.Range(0, group.Size).Select(rank => round.Where((_, i) => i % group.Size == rank).ToArray()).ToArray();
            var answers = group.Exchange(ScoreBytes.Of(Next(own, fractions[group.Rank].Length)));
            var scores = answers.Select((bytes, rank) => ScoreBytes.Read(bytes, fractions[rank]).ToArray()).ToArray();
            for (int i = 0; i < round.Length; i++)
                yield return scores[i % group.Size][i / group.Size];
        }
    }

    /// <summary>
    /// The images that are one process's. Rounds hold a multiple of the processes' number of images, so a round's shares are parts of the whole's.
    /// </summary>
    private static InputImage[] Fraction(IReadOnlyList<InputImage> images, int rank, int size)
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
