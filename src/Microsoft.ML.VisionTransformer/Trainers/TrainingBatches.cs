// Prepares the batches of an epoch in the background: shuffled and augmented for training, as they are for validation.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// Input [Count, channels, height, width], classes and weights of some rows. Where rows are mixed, each target is <paramref name="OwnShare"/> of the
/// row's own class and the rest of that of row Count - 1 - i.
/// </summary>
internal sealed record TrainingBatch(float[] Inputs, long[] Classes, float[] Weights, double OwnShare = 1)
{
    internal int Count => Classes.Length;
}

internal sealed class TrainingBatches(ImageToInput converter, int batchSize, int seed, BatchMixing? mixing = null)
{
    private const int BatchesAhead = 2;

    /// <summary>
    /// All rows once an epoch, in an order and with an augmentation that belong to the seed, the epoch and the row. The first batches of an epoch are
    /// prepared while the one before ends and is validated.
    /// </summary>
    internal ReadAhead<TrainingBatch> ForTraining(TrainingRow[] rows, int epochs) =>
        Start(stop => Enumerable.Range(1, epochs).SelectMany(epoch => Epoch(rows, epoch, stop)));

    /// <summary>All rows once, in order, prepared as for prediction.</summary>
    internal ReadAhead<TrainingBatch> ForValidation(TrainingRow[] rows) => Start(stop => rows.Chunk(batchSize).Select(chunk => Prepare(chunk, _ => null, stop)));

    private static ReadAhead<TrainingBatch> Start(Func<CancellationToken, IEnumerable<TrainingBatch>> batches) =>
        new(batches, BatchesAhead, "Vision Transformer training images");

    private IEnumerable<TrainingBatch> Epoch(TrainingRow[] rows, int epoch, CancellationToken stop)
    {
        int[] order = [.. Enumerable.Range(0, rows.Length)];
        RandomStream.For(seed, (long)RandomPurpose.Order, epoch).Shuffle(order.AsSpan());
        return order.Chunk(batchSize).Select((chunk, number) => Mix(epoch, number, Prepare(
            [.. chunk.Select(i => rows[i])], i => RandomStream.For(seed, (long)RandomPurpose.Augmentation, epoch, chunk[i]), stop)));
    }

    private TrainingBatch Mix(int epoch, int number, TrainingBatch batch) => mixing is null
        ? batch
        : batch with { OwnShare = mixing.Mix(batch.Inputs, batch.Count, RandomStream.For(seed, (long)RandomPurpose.Mixing, epoch, number)) };

    private TrainingBatch Prepare(TrainingRow[] rows, Func<int, RandomStream?> random, CancellationToken stop)
    {
        float[] inputs = new float[rows.Length * converter.Length];
        ParallelImages.For(rows.Length, i => rows[i].Image.Fill(converter, random(i), inputs.AsSpan(i * converter.Length, converter.Length)), stop);
        return new TrainingBatch(inputs, [.. rows.Select(r => (long)r.Class)], [.. rows.Select(r => r.Weight)]);
    }
}
