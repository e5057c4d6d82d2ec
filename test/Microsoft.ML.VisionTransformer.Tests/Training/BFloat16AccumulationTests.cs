// bfloat16 training with gradient accumulation: the sum equals that of one large batch.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training;
using Microsoft.ML.VisionTransformer.Training.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class BFloat16AccumulationTests
{
    private const int Rows = 128, Length = 3 * 16 * 16;

    public TestContext TestContext { get; set; } = null!;

    /// <summary>
    /// Each value of each batch's gradient has 8 bits, and an error of at most 2^-9 of itself; so has that of one large batch: 0.3% of the whole move. A sum in 8 bits was off by 3.3% with batches of one row, and by 0.8% with four.
    /// </summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void ManyBatches_MoveTheWeightsAsOneLargeBatchDoes(int batchSize)
    {
        float[] whole = Update(TrainingPrecision.BFloat16, Rows), exact = Update(TrainingPrecision.Float32, Rows);

        float[] inBatches = Update(TrainingPrecision.BFloat16, batchSize);

        double ofWhole = Difference(whole, exact), ofBatches = Difference(inBatches, exact), apart = Difference(inBatches, whole);
        TestContext.WriteLine($"off from 32 bits: one batch {ofWhole:E2}, batches of {batchSize} {ofBatches:E2}; from each other {apart:E2}");
        Assert.IsLessThan(1.2 * ofWhole, ofBatches);
        Assert.IsLessThan(0.01, apart);
    }

    /// <summary>How one step of plain SGD moves all weights.</summary>
    private static float[] Update(TrainingPrecision precision, int batchSize)
    {
        var options = new VisionTransformerTrainer.Options { Arch = TinyTraining.Architecture with { Classes = 3 }, Epoch = 1, BatchSize = Rows };
        var plan = options.ToPlan(seed: 1) with
        {
            Optimizer = TrainingOptimizer.Sgd,
            Precision = precision,
            BaseLearningRate = 1,
            Momentum = 0,
            Nesterov = false,
            WarmupEpochs = 0,
            WeightDecay = 0,
            ClipGradientNorm = 0,
            Schedule = TrainingSchedule.Constant,
        };
        using var network = new VisionTransformerNetwork(plan.Architecture, seed: 1);
        using var step = new TrainingStep(plan, network, CPU, stepsPerEpoch: 1);
        float[] before = StateValues.Of(step.Parameters.Values);
        var batches = new Queue<TrainingBatch>(Enumerable.Range(0, Rows / batchSize).Select(number => Batch(number, batchSize)));
        step.BeginEpoch();
        step.Run(batches.Dequeue, epoch: 1);
        return [.. StateValues.Of(step.Parameters.Values).Zip(before, (now, then) => now - then)];
    }

    /// <summary>Rows of one class in all batches, so that their gradients point the same way and the sum outgrows its parts.</summary>
    private static TrainingBatch Batch(int number, int size)
    {
        float[] inputs = new float[size * Length];
        for (int i = 0; i < size; i++)
        {
            var random = RandomStream.For(9, number * size + i);
            foreach (ref float value in inputs.AsSpan(i * Length, Length))
                value = (float)random.NextGaussian();
        }

        return new TrainingBatch(inputs, [.. Enumerable.Repeat(1L, size)], [.. Enumerable.Repeat(1f, size)]) { StepWeight = Rows, EndsStep = (number + 1) * size == Rows };
    }

    /// <summary>The length of the difference over that of the expected move.</summary>
    private static double Difference(float[] found, float[] expected) =>
        Math.Sqrt(found.Zip(expected, (f, e) => ((double)f - e) * ((double)f - e)).Sum() / expected.Sum(e => (double)e * e));
}
