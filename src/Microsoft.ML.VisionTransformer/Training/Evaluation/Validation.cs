// Evaluates a network on validation rows, and compares the results of epochs.
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Evaluation;

/// <param name="plan">Settings.</param>
/// <param name="rows">The rows, prepared as for prediction.</param>
/// <param name="network">The network, on its device; owned by the caller.</param>
/// <param name="device">The device.</param>
/// <param name="checkAlive">Throws when the run was canceled; called for each batch.</param>
/// <param name="group">The processes that the rows are split among; null for one.</param>
internal sealed class Validation(TrainingPlan plan, TrainingRow[] rows, VisionTransformerNetwork network, Device device, Action checkAlive, TrainingProcessGroup? group = null)
{
    private readonly ShardedPass _pass = new(group, plan, checkAlive);

    /// <summary>Number of rows.</summary>
    internal int Rows => rows.Length;

    /// <summary>
    /// Loss, accuracy and calibration error with the current weights; the same for any number of processes. The loss is NaN if a logit is not finite.
    /// </summary>
    internal (RunningMean Mean, double CalibrationError) Evaluate()
    {
        var mean = default(RunningMean);
        var scores = new ProbabilityScores();
        ForEachBatch((logits, rowsOfBatch) =>
        {
            using var scope = NewDisposeScope();
            var batch = new TrainingBatch([], ClassesOf(rowsOfBatch), WeightsOf(rowsOfBatch));
            mean = mean.And(BatchLoss.Of(tensor(logits, [batch.Count, plan.Architecture.Classes], device: CPU), batch, smoothing: 0).Metrics);
            if (Array.TrueForAll(logits, float.IsFinite))
                scores.Add(new EvaluatedRows(logits, batch.Classes, batch.Weights, plan.Architecture.Classes));
            else
                mean = mean with { LossSum = double.NaN };
        });
        return (mean, double.IsFinite(mean.LossSum) ? scores.CalibrationError : double.NaN);
    }

    /// <summary>The logits of all rows, to calibrate on.</summary>
    internal EvaluatedRows Logits()
    {
        float[] all = new float[ArrayLength.Of(rows.Length, plan.Architecture.Classes, "logits to calibrate on", "Use fewer validation rows")];
        int filled = 0;
        ForEachBatch((some, _) =>
        {
            some.CopyTo(all, filled);
            filled += some.Length;
        });
        return new EvaluatedRows(all, ClassesOf(rows), WeightsOf(rows), plan.Architecture.Classes);
    }

    private static long[] ClassesOf(TrainingRow[] some) => [.. some.Select(row => (long)row.Class)];

    private static float[] WeightsOf(TrainingRow[] some) => [.. some.Select(row => row.Weight)];

    /// <summary>Processes exchange logits instead of metrics, so every process sums in the order of the rows.</summary>
    private void ForEachBatch(Action<float[], TrainingRow[]> take)
    {
        network.eval();
        using var mode = inference_mode();
        int done = 0;
        _pass.Run(rows, LogitsOf, bytes =>
        {
            float[] logits = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
            int count = logits.Length / plan.Architecture.Classes;
            take(logits, rows[done..(done + count)]);
            done += count;
        });
    }

    private byte[] LogitsOf(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var logits = network.forward(batch.ToTensor(plan.Architecture, device));
        return MemoryMarshal.AsBytes<float>(logits.cpu().data<float>().ToArray()).ToArray();
    }
}

/// <summary>Metrics on the validation rows.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="IsAverage">Whether the weights are the exponential moving average (EMA).</param>
/// <param name="Accuracy">Fraction of correct predictions.</param>
/// <param name="Loss">Cross-entropy.</param>
/// <param name="StandardErrorOfAccuracy">Standard error of the accuracy; 0 compares accuracies exactly.</param>
internal sealed record ValidationResult(
    int Epoch,
    bool IsAverage,
    double Accuracy,
    double Loss,
    [property: JsonPropertyName("Doubt")] double StandardErrorOfAccuracy = 0)    // the name in training checkpoints
{
    /// <summary>
    /// The standard error of a fraction p of n rows, sqrt(p (1 - p) / n): about 0.1 for 15 rows, where accuracy alone would pick an epoch by chance,
    /// and negligible for 10,000. (The one-standard-error rule of Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984,
    /// section 3.4.3.)
    /// </summary>
    internal static double StandardError(double accuracy, int rows) => Math.Sqrt(accuracy * (1 - accuracy) / rows);

    /// <summary>Whether the accuracy is higher by more than the standard error, or equal within it and the loss lower.</summary>
    internal bool IsBetterThan(ValidationResult other)
    {
        double gain = Accuracy - other.Accuracy;
        return gain > other.StandardErrorOfAccuracy || (gain >= -other.StandardErrorOfAccuracy && Loss < other.Loss);
    }
}
