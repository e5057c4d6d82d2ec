// Prepares the batches of an epoch in the background: shuffled and augmented for training, as they are for validation.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Data;

/// <param name="converter">Makes input of images.</param>
/// <param name="batchSize">Rows of a batch, of each process.</param>
/// <param name="seed">Of the run.</param>
/// <param name="mixing">Mixup and cutmix; null for none.</param>
/// <param name="batchesPerStep">Batches whose gradients are added up for one update; an epoch's last update may have fewer.</param>
/// <param name="group">The processes that share the batches; null for one.</param>
internal sealed class TrainingBatches(ImagePreprocessor converter, int batchSize, int seed, BatchMixing? mixing = null, int batchesPerStep = 1, TrainingProcessGroup? group = null)
{
    private const int BatchesAhead = 2;

    private readonly TrainingProcessGroup _group = group ?? TrainingProcessGroup.Alone;

    /// <summary>Rows of an update, over all processes.</summary>
    internal long RowsPerStep => (long)Int128.Min((Int128)BatchOfAll * batchesPerStep, long.MaxValue);

    private long BatchOfAll => (long)batchSize * _group.Size;

    /// <summary>Updates of an epoch over so many rows.</summary>
    internal int StepsPerEpoch(int rows) => Ratio(Ratio(rows, BatchOfAll), batchesPerStep);

    /// <summary>
    /// This process's share of all rows, which pass once an epoch, in an order and with an augmentation that belong to the seed, the epoch and the row. The first batches of
    /// an epoch are prepared while the one before ends and is validated.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="epochs">Epochs of the whole run.</param>
    /// <param name="firstStep">The update to begin with, counted over all epochs from 0; what comes before is not prepared.</param>
    /// <param name="rowsDone">Rows of the first epoch that have passed already; what is left of an update then comes as a smaller one.</param>
    internal ReadAhead<TrainingBatch> ForTraining(TrainingRow[] rows, int epochs, long firstStep = 0, int rowsDone = 0)
    {
        int stepsPerEpoch = StepsPerEpoch(rows.Length), epochsDone = checked((int)(firstStep / stepsPerEpoch)), stepsDone = (int)(firstStep % stepsPerEpoch);
        return Start(stop => Enumerable.Range(epochsDone + 1, epochs - epochsDone)
            .SelectMany(epoch => epoch == epochsDone + 1 ? Epoch(rows, epoch, stepsDone * batchesPerStep, rowsDone, stop) : Epoch(rows, epoch, 0, 0, stop)));
    }

    /// <summary>Every <paramref name="size"/>-th batch of the rows, in order, from that of number <paramref name="rank"/> on, prepared as for prediction.</summary>
    internal ReadAhead<TrainingBatch> ForValidation(TrainingRow[] rows, int rank = 0, int size = 1) =>
        Start(stop => rows.Chunk(batchSize).Where((_, number) => number % size == rank).Select(chunk => Prepare(chunk, _ => null, stop)));

    private static ReadAhead<TrainingBatch> Start(Func<CancellationToken, IEnumerable<TrainingBatch>> batches) =>
        new(batches, BatchesAhead, "Vision Transformer training images");

    private static int Ratio(int number, long size) => (int)((number + size - 1) / size);

    private IEnumerable<TrainingBatch> Epoch(TrainingRow[] rows, int epoch, int firstBatch, int rowsDone, CancellationToken stop)
    {
        int[] order = [.. Enumerable.Range(0, rows.Length)];
        RandomStream.For(seed, (long)RandomPurpose.Order, epoch).Shuffle(order.AsSpan());
        int together = (int)Math.Min(BatchOfAll, rows.Length);
        int[][] chunks = [.. order.Chunk(together).Select((chunk, number) => chunk[Math.Clamp(rowsDone - number * together, 0, chunk.Length)..])];
        for (int number = firstBatch; number < chunks.Length; number++)
        {
            int[] own = BatchShard.Of(chunks[number], _group.Rank, _group.Size, inPairs: mixing is not null);
            var batch = Prepare([.. own.Select(i => rows[i])], i => RandomStream.For(seed, (long)RandomPurpose.Augmentation, epoch, own[i]), stop);
            int step = number / batchesPerStep;
            var batches = chunks.AsSpan(step * batchesPerStep, Math.Min(batchesPerStep, chunks.Length - step * batchesPerStep)).ToArray();
            yield return Mix(epoch, number, batch) with
            {
                Rows = [.. own.Select(i => (long)i)],
                StepWeight = batches.Sum(part => part.Sum(i => (double)rows[i].Weight)),
                EndsStep = number == step * batchesPerStep + batches.Length - 1,
            };
        }
    }

    private TrainingBatch Mix(int epoch, int number, TrainingBatch batch) => mixing is null || batch.Count == 0
        ? batch
        : batch with { OwnFraction = mixing.Mix(batch.Inputs, batch.Count, RandomStream.For(seed, (long)RandomPurpose.Mixing, epoch, number)) };

    private TrainingBatch Prepare(TrainingRow[] rows, Func<int, RandomStream?> random, CancellationToken stop)
    {
        float[] inputs = InputBatch.Prepare(
            rows.Length, converter, (i, chw) => rows[i].Image.Fill(converter, random(i), chw), "Lower BatchSize; GradientAccumulation makes up for it", stop);
        return new TrainingBatch(inputs, [.. rows.Select(r => (long)r.Class)], [.. rows.Select(r => r.Weight)]);
    }
}

/// <summary>
/// Input [Count, channels, height, width], classes and weights of some rows. Where rows are mixed, each target is <paramref name="OwnFraction"/> of the
/// row's own class and the rest of that of row Count - 1 - i.
/// </summary>
internal sealed record TrainingBatch(float[] Inputs, long[] Classes, float[] Weights, double OwnFraction = 1)
{
    internal int Count => Classes.Length;

    /// <summary>The input on a device, for the network of that architecture.</summary>
    internal Tensor ToTensor(VisionTransformerArchitecture architecture, Device device) => InputBatch.ToTensor(Inputs, Count, architecture, device);

    /// <summary>Names of the rows, which their dropout masks belong to; null names them by their places.</summary>
    internal long[]? Rows { get; init; }

    /// <summary>Sum of the weights of all rows whose gradients are added up before the update, this batch's and those of other processes among them.</summary>
    internal double StepWeight { get; init; }

    /// <summary>Whether the update follows this batch.</summary>
    internal bool EndsStep { get; init; }
}

/// <summary>
/// The batches of one process with this batch size, dealt out in turn: their composition, and with it each figure to the last bit, does not depend on how many
/// processes there are. Every process gets all results.
/// </summary>
/// <param name="members">Who takes part; null for this process alone.</param>
/// <param name="plan">How images are prepared, and rows of a batch.</param>
/// <param name="checkAlive">Throws when the run was cancelled; called for each round of batches.</param>
internal sealed class ShardedPass(TrainingProcessGroup? members, TrainingPlan plan, Action checkAlive)
{
    private readonly TrainingBatches _batches = new(new ImagePreprocessor(plan.Preprocessing), plan.BatchSize, plan.Seed);

    /// <summary>Runs the pass.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="work">What is done to a batch: its result as bytes.</param>
    /// <param name="take">Gets the results, batch after batch.</param>
    internal void Run(TrainingRow[] rows, Func<TrainingBatch, byte[]> work, Action<byte[]> take)
    {
        var group = members ?? TrainingProcessGroup.Alone;
        int count = (int)((rows.Length + (long)plan.BatchSize - 1) / plan.BatchSize);
        using var own = _batches.ForValidation(rows, group.Rank, group.Size);
        for (int first = 0; first < count; first += group.Size)
        {
            group.CheckAlive(checkAlive);
            byte[] result = own.TryTake(out var batch, group.IsMany ? null : checkAlive) ? work(batch) : [];
            foreach (byte[] part in group.Gather(result).Take(count - first))
                take(part);
        }
    }
}
