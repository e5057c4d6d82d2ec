// Trains only the head, on features computed once by the frozen network.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Logging;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.LinearProbe;

/// <summary>
/// The network processes the images once, in evaluation mode and without augmentation; the head is then trained on the features to convergence. An
/// epoch is one step of the optimizer over all features. Validation rows that were split off the training rows first evaluate the head, then join the
/// training rows for the final fit.
/// </summary>
/// <param name="plan">Settings.</param>
/// <param name="training">Rows to train on, at least one.</param>
/// <param name="validation">Rows to validate on, or none.</param>
/// <param name="classFactors">
/// Factor of each class for the weights of validation rows in the final fit; null for 1. The weights of training rows include it already.
/// </param>
/// <param name="network">The network, on its device; owned by the caller.</param>
/// <param name="device">The device.</param>
/// <param name="checkAlive">Throws when the run was canceled.</param>
/// <param name="group">The processes that the pass over the images is split among; each then fits the head, and all use that of rank 0.</param>
internal sealed class LinearProbeTrainer(
    TrainingPlan plan, TrainingRow[] training, TrainingRow[] validation, double[]? classFactors, VisionTransformerNetwork network, Device device, Action checkAlive, TrainingProcessGroup group)
{
    private readonly Action _checkFit = group.IsMany ? () => { } : checkAlive;
    private readonly Stopwatch _clock = new();
    private readonly List<TrainingMetrics> _epochs = [];

    /// <summary>Trains the head and copies it into the network.</summary>
    /// <param name="report">Receives the progress over images and the metrics of epochs.</param>
    /// <exception cref="OperationCanceledException">The run was canceled.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal TrainingHistory Run(TrainingLog report)
    {
        _clock.Start();
        var pass = new FeaturePass(plan, network, device, checkAlive, group);
        using var features = pass.Over(training, report);
        double imagesPerSecond = training.Length / _clock.Elapsed.TotalSeconds;
        using var heldOut = validation.Length > 0 ? pass.Over(validation, report) : null;
        var probe = ProbedHead.Measure(plan, features, report, _checkFit, group);
        double[] head = new LogisticRegression(features, probe.Penalty).Fit(null, plan.Epochs, report: (step, point) =>
        {
            _checkFit();
            _epochs.Add(Evaluate(step, point, features, heldOut, imagesPerSecond));
            report.Epoch(_epochs[^1]);
        });
        head = group.OfMain(head);
        // Before the head is trained on the validation rows: on those it would be overconfident.
        var calibration = heldOut is null ? null : Calibration.Of(heldOut.ToEvaluatedRows(head), plan.Calibrate);
        if (heldOut is not null && plan.CutsValidation)
        {
            using var all = features.With(heldOut, classFactors);
            head = group.OfMain(new LogisticRegression(all, probe.Penalty).Fit(head, plan.Epochs, report: (_, _) => _checkFit()));
        }

        ProbedHead.Set(network, head);
        return new TrainingHistory
        {
            Epochs = _epochs,
            Temperature = calibration?.Temperature ?? 1,
            CalibrationError = calibration?.Error,
            BestEpoch = _epochs.Count,
            TrainingRows = training.Length,
            ValidationRows = validation.Length,
            Seed = plan.Seed,
            ProbeAccuracy = probe.Accuracy,
            ProbePenalty = probe.Penalty,
            LearningCurve = probe.LearningCurve,
        };
    }

    private TrainingMetrics Evaluate(int epoch, double[] head, FeatureMatrix features, FeatureMatrix? heldOut, double imagesPerSecond)
    {
        var (loss, accuracy) = features.Evaluate(head);
        (double Loss, double Accuracy)? heldOutResult = heldOut?.Evaluate(head);
        return new TrainingMetrics
        {
            Epoch = epoch,
            Epochs = plan.Epochs,
            Step = 1,
            Steps = 1,
            TrainingLoss = loss,
            TrainingAccuracy = accuracy,
            ValidationLoss = heldOutResult?.Loss,
            ValidationAccuracy = heldOutResult?.Accuracy,
            ImagesPerSecond = imagesPerSecond,
            Elapsed = _clock.Elapsed,
        };
    }
}

internal static class ProbedHead
{
    /// <summary>Maximum steps of the optimizer; it rarely needs all of them.</summary>
    private const int Iterations = 100;

    /// <summary>
    /// Fits a head to the features of the rows and copies it into the network. Fine-tuning from a random head first distorts the pretrained features;
    /// starting from this head preserves them (Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution",
    /// arXiv:2202.10054).
    /// </summary>
    /// <returns>The cross-validation of the probe.</returns>
    internal static ProbeResult Give(TrainingPlan plan, TrainingRow[] rows, VisionTransformerNetwork network, FeaturePass pass, TrainingLog report, Action checkAlive, TrainingProcessGroup group)
    {
        using var features = pass.Over(rows, report);
        var check = group.IsMany ? () => { } : checkAlive;
        var probe = Measure(plan, features, report, check, group);
        Set(network, group.OfMain(new LogisticRegression(features, probe.Penalty).Fit(null, Iterations, report: (_, _) => check())));
        return probe;
    }

    /// <summary>The penalty, the accuracy and, where the plan says so, the learning curve of a probe, by cross-validation; those of rank 0 on all processes.</summary>
    internal static ProbeResult Measure(TrainingPlan plan, FeatureMatrix features, TrainingLog report, Action checkAlive, TrainingProcessGroup group)
    {
        var validation = new CrossValidation(features, plan.Seed, checkAlive);
        var probe = validation.Measure(plan.ProbePenalty);
        if (plan.LearningCurve)
            probe = probe with { LearningCurve = validation.Curve(probe) };
        probe = ModelJson.Read<ProbeResult>(group.Gather(ModelJson.Write(probe))[0]);
        report.Probe(probe, plan.Strategy);
        return probe;
    }

    /// <summary>Copies a head into the network. DeiT's distillation head gets the same weights, because the features are the mean of both tokens.</summary>
    /// <exception cref="InvalidOperationException">A weight is not finite.</exception>
    internal static void Set(VisionTransformerNetwork network, double[] head)
    {
        if (!Array.TrueForAll(head, value => float.IsFinite((float)value)))
        {
            throw new InvalidOperationException(
                "The linear probe diverged: weights of the head are not finite in float32. Raise ProbePenalty; where the column holds pixels, check that they are scaled to about -1 to 1.");
        }

        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var (weight, bias) = LogisticRegression.Split(head, network.Architecture.Classes, network.Architecture.FeatureDimension);
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (name is "head.weight" or "head_dist.weight")
                parameter.copy_(weight);
            else if (name is "head.bias" or "head_dist.bias")
                parameter.copy_(bias);
        }
    }
}
