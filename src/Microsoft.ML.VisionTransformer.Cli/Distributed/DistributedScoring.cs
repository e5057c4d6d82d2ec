// Scores images in all processes of a run; each process gets all results, in the order of the images.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;

namespace Microsoft.ML.VisionTransformer.Cli.Distributed;

internal static class DistributedScoring
{
    /// <summary>
    /// Scores lazily, in rounds: each process scores a batch of its shard, then all processes exchange their results. A process holds the results of one round,
    /// regardless of the number of images.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancellation was requested; checked between batches.</exception>
    /// <exception cref="ProcessFailureException">Another process has failed.</exception>
    internal static IEnumerable<ScoredImage> Score(ProcessGroup group, IImageScorer model, IReadOnlyList<InputImage> images, CancellationToken cancellation) =>
        group.Size == 1 ? BatchScoring.Score(model, images, cancellation) : InRounds(group, model, images, cancellation);

    private static IEnumerable<ScoredImage> InRounds(ProcessGroup group, IImageScorer model, IReadOnlyList<InputImage> images, CancellationToken cancellation)
    {
        using var own = BatchScoring.Score(model, Shard(images, group.Rank, group.Size), cancellation).GetEnumerator();
        foreach (var round in images.Chunk(BatchScoring.BatchSize * group.Size))
        {
            var shards = Enumerable.Range(0, group.Size).Select(rank => round.Where((_, i) => i % group.Size == rank).ToArray()).ToArray();
            var answers = group.Exchange(ScoreSerializer.Write(Next(own, shards[group.Rank].Length)));
            var scores = answers.Select((bytes, rank) => ScoreSerializer.Read(bytes, shards[rank]).ToArray()).ToArray();
            for (int i = 0; i < round.Length; i++)
                yield return scores[i % group.Size][i / group.Size];
        }
    }

    /// <summary>
    /// The images of one process. The length of a round is a multiple of the number of processes, so the shards of a round are consecutive parts of the
    /// whole shards.
    /// </summary>
    private static InputImage[] Shard(IReadOnlyList<InputImage> images, int rank, int size)
    {
        var data = new MLContext().Data;
        var rows = data.LoadFromEnumerable(Enumerable.Range(0, images.Count).Select(i => new IndexedRow { Index = i }));
        return [.. data.ShardRows(rows, rank, size).GetColumn<int>(nameof(IndexedRow.Index)).Select(i => images[i])];
    }

    private static IEnumerable<ScoredImage> Next(IEnumerator<ScoredImage> scores, int count)
    {
        for (int i = 0; i < count && scores.MoveNext(); i++)
            yield return scores.Current;
    }

    private sealed class IndexedRow
    {
        public int Index { get; set; }
    }
}
