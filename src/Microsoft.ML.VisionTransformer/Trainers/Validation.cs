// Judges a network on rows that it is not trained on.
using Microsoft.ML.VisionTransformer.Images;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <param name="plan">Settings.</param>
/// <param name="rows">The rows, prepared as for prediction.</param>
/// <param name="network">The network, on its device; stays the caller's.</param>
/// <param name="device">The device.</param>
/// <param name="checkAlive">Throws when the run was cancelled; called for each batch.</param>
internal sealed class Validation(TrainingPlan plan, TrainingRow[] rows, VisionTransformerNetwork network, Device device, Action checkAlive)
{
    private readonly TrainingBatches _batches = new(new ImageToInput(plan.Preprocessing), plan.BatchSize, plan.Seed);

    /// <summary>Number of rows.</summary>
    internal int Rows => rows.Length;

    /// <summary>Loss, accuracy and calibration error with the weights as they are.</summary>
    internal (RunningMean Mean, double CalibrationError) Judge()
    {
        var mean = default(RunningMean);
        var scores = new ProbabilityScores();
        ForEachBatch((batch, logits) =>
        {
            mean = mean.And(BatchLoss.Of(logits, batch, smoothing: 0).Figures);
            scores.Add(new JudgedRows(ValuesOf(logits), batch.Classes, batch.Weights, plan.Architecture.Classes));
        });
        return (mean, scores.CalibrationError);
    }

    /// <summary>The logits of all rows, to calibrate on.</summary>
    internal JudgedRows Logits()
    {
        float[] all = new float[(long)rows.Length * plan.Architecture.Classes];
        int filled = 0;
        ForEachBatch((_, logits) =>
        {
            float[] some = ValuesOf(logits);
            some.CopyTo(all, filled);
            filled += some.Length;
        });
        return new JudgedRows(all, [.. rows.Select(row => (long)row.Class)], [.. rows.Select(row => row.Weight)], plan.Architecture.Classes);
    }

    private static float[] ValuesOf(Tensor logits) => logits.cpu().data<float>().ToArray();

    private void ForEachBatch(Action<TrainingBatch, Tensor> take)
    {
        network.eval();
        using var mode = inference_mode();
        using var batches = _batches.ForValidation(rows);
        while (batches.TryTake(out var batch, checkAlive))
        {
            checkAlive();
            using var scope = NewDisposeScope();
            take(batch, network.forward(BatchInput.Of(batch, plan.Architecture, device)));
        }
    }
}
