// Prepares batches in the background, shuffled and augmented for training and unchanged for validation, and splits passes over rows among processes.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Data;

/// <param name="converter">Converts images to input.</param>
/// <param name="batchSize">Rows of a batch, of each process.</param>
/// <param name="seed">Seed of the run.</param>
/// <param name="mixing">Mixup and cutmix; null for none.</param>
/// <param name="batchesPerStep">Batches whose gradients are accumulated for one update; an epoch's last update may have fewer.</param>
/// <param name="group">The processes that each batch is split among; null for one.</param>
internal sealed class TrainingBatches(ImagePreprocessor converter, int batchSize, int seed, BatchMixing? mixing = null, int batchesPerStep = 1, TrainingProcessGroup? group = null)
{
    private const int BatchesAhead = 2;

    private readonly TrainingProcessGroup _group = group ?? TrainingProcessGroup.Alone;

    /// <summary>Rows per update, over all processes.</summary>
    internal long RowsPerStep => (long)Int128.Min((Int128)TotalBatchSize * batchesPerStep, long.MaxValue);

    private long TotalBatchSize => (long)batchSize * _group.Size;

    /// <summary>Updates per epoch for a number of rows.</summary>
    internal int StepsPerEpoch(int rows) => CeilingDivide(CeilingDivide(rows, TotalBatchSize), batchesPerStep);

    /// <summary>
    /// This process's shard of all batches. Every row is used once per epoch; the order depends on the seed and the epoch, the augmentation also on
    /// the row. The first batches of an epoch are prepared while the previous epoch ends and is validated.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="epochs">Epochs of the entire run.</param>
    /// <param name="firstStep">The first update, counted over all epochs from 0; earlier batches are not prepared.</param>
    /// <param name="rowsDone">Rows of the first epoch that were used already; the remainder of a partly used update becomes a smaller one.</param>
    internal ReadAhead<TrainingBatch> ForTraining(TrainingRow[] rows, int epochs, long firstStep = 0, int rowsDone = 0)
    {
        int stepsPerEpoch = StepsPerEpoch(rows.Length), epochsDone = checked((int)(firstStep / stepsPerEpoch)), stepsDone = (int)(firstStep % stepsPerEpoch);
        return Start(stop => Enumerable.Range(epochsDone + 1, epochs - epochsDone)
            .SelectMany(epoch => epoch == epochsDone + 1 ? Epoch(rows, epoch, stepsDone * batchesPerStep, rowsDone, stop) : Epoch(rows, epoch, 0, 0, stop)));
    }

    /// <summary>Every <paramref name="size"/>-th batch of the rows, in order, starting at index <paramref name="rank"/>, prepared as for prediction.</summary>
    internal ReadAhead<TrainingBatch> ForValidation(TrainingRow[] rows, int rank = 0, int size = 1) =>
        Start(stop => rows.Chunk(batchSize).Where((_, number) => number % size == rank).Select(chunk => Prepare(chunk, _ => null, stop)));

    private static ReadAhead<TrainingBatch> Start(Func<CancellationToken, IEnumerable<TrainingBatch>> batches) =>
        new(batches, BatchesAhead, "Vision Transformer training images");

    private static int CeilingDivide(int number, long size) => (int)((number + size - 1) / size);

    private IEnumerable<TrainingBatch> Epoch(TrainingRow[] rows, int epoch, int firstBatch, int rowsDone, CancellationToken stop)
    {
        int[] order = [.. Enumerable.Range(0, rows.Length)];
        RandomStream.For(seed, (long)RandomPurpose.Order, epoch).Shuffle(order.AsSpan());
        int chunkLength = (int)Math.Min(TotalBatchSize, rows.Length);
        int[][] chunks = [.. order.Chunk(chunkLength).Select((chunk, number) => chunk[Math.Clamp(rowsDone - number * chunkLength, 0, chunk.Length)..])];
        for (int number = firstBatch; number < chunks.Length; number++)
        {
            int[] own = BatchShard.Of(chunks[number], _group.Rank, _group.Size, inPairs: mixing is not null);
            var batch = Prepare([.. own.Select(i => rows[i])], i => RandomStream.For(seed, (long)RandomPurpose.Augmentation, epoch, own[i]), stop);
            int step = number / batchesPerStep;
            var batches = chunks.AsSpan(step * batchesPerStep, Math.Min(batchesPerStep, chunks.Length - step * batchesPerStep)).ToArray();
            yield return Mix(epoch, number, batch) with
            {
                Rows = [.. own.Select(i => (long)i)],
                StepWeight = batches.Sum(chunk => chunk.Sum(i => (double)rows[i].Weight)),
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
            rows.Length, converter, (i, chw) => rows[i].Image.Fill(converter, random(i), chw), "Lower BatchSize and raise GradientAccumulation to compensate", stop);
        return new TrainingBatch(inputs, [.. rows.Select(r => (long)r.Class)], [.. rows.Select(r => r.Weight)]);
    }
}

/// <summary>
/// Input [Count, channels, height, width], classes and weights of the rows of a batch. Where rows are mixed, each target is
/// <paramref name="OwnFraction"/> of the row's own class and the rest of that of row Count - 1 - i.
/// </summary>
internal sealed record TrainingBatch(float[] Inputs, long[] Classes, float[] Weights, double OwnFraction = 1)
{
    internal int Count => Classes.Length;

    /// <summary>The input as a tensor on a device.</summary>
    internal Tensor ToTensor(VisionTransformerArchitecture architecture, Device device) => InputTensor.Of(Inputs, Count, architecture, device);

    /// <summary>Ids of the rows, which select their dropout masks; null to use their positions.</summary>
    internal long[]? Rows { get; init; }

    /// <summary>Sum of the weights of all rows of the update, over all its batches and processes.</summary>
    internal double StepWeight { get; init; }

    /// <summary>Whether the update follows this batch.</summary>
    internal bool EndsStep { get; init; }
}

/// <summary>
/// A pass over rows whose batches are assigned to the processes in turn. The batches are those of a single process with this batch size, so results
/// are identical to the last bit for any number of processes. Every process gets all results.
/// </summary>
/// <param name="group">The processes of the pass; null for this process alone.</param>
/// <param name="plan">Preprocessing and batch size.</param>
/// <param name="checkAlive">Throws when the run was canceled; called for each round of batches.</param>
internal sealed class ShardedPass(TrainingProcessGroup? group, TrainingPlan plan, Action checkAlive)
{
    private readonly TrainingProcessGroup _group = group ?? TrainingProcessGroup.Alone;
    private readonly TrainingBatches _batches = new(new ImagePreprocessor(plan.Preprocessing), plan.BatchSize, plan.Seed);

    /// <summary>Runs the pass.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="work">Computes the result of a batch, as bytes.</param>
    /// <param name="take">Receives the results in the order of the batches.</param>
    internal void Run(TrainingRow[] rows, Func<TrainingBatch, byte[]> work, Action<byte[]> take)
    {
        int count = (int)((rows.Length + (long)plan.BatchSize - 1) / plan.BatchSize);
        using var own = _batches.ForValidation(rows, _group.Rank, _group.Size);
        for (int first = 0; first < count; first += _group.Size)
        {
            _group.CheckAlive(checkAlive);
            byte[] result = own.TryTake(out var batch, _group.IsMany ? null : checkAlive) ? work(batch) : [];
            foreach (byte[] gathered in _group.Gather(result).Take(count - first))
                take(gathered);
        }
    }
}
