// Trains a head alone, on features that the frozen network gives once.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Logging;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.LinearProbe;

/// <summary>
/// One pass of the network over the images, in evaluation mode and without augmentation; then the head is trained on the features to convergence. An epoch is one
/// step of the optimiser over all features. Validation rows that were cut off the training rows are put back for the last fit, after they have judged the one before.
/// </summary>
/// <param name="plan">Settings.</param>
/// <param name="training">Rows to train on, at least one.</param>
/// <param name="validation">Rows to validate on, or none.</param>
/// <param name="classFactors">What the weights of validation rows are multiplied by, for each class, where they are trained on; null for 1. Those of training rows are multiplied already.</param>
/// <param name="network">The network, on its device; stays the caller's.</param>
/// <param name="device">The device.</param>
/// <param name="checkAlive">Throws when the run was cancelled.</param>
/// <param name="group">The processes that share the pass over the images; each then fits the head, and takes that of the first.</param>
internal sealed class LinearProbeTrainer(
    TrainingPlan plan, TrainingRow[] training, TrainingRow[] validation, double[]? classFactors, VisionTransformerNetwork network, Device device, Action checkAlive, TrainingProcessGroup group)
{
    private readonly Action _checkFit = group.IsMany ? () => { } : checkAlive;
    private readonly Stopwatch _clock = new();
    private readonly List<TrainingMetrics> _epochs = [];

    /// <summary>Trains the head; the network then has it.</summary>
    /// <param name="report">Told of images and epochs.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal TrainingHistory Run(TrainingLog report)
    {
        _clock.Start();
        var pass = new FeaturePass(plan, network, device, checkAlive, group);
        using var features = pass.Over(training, report);
        double imagesPerSecond = training.Length / _clock.Elapsed.TotalSeconds;
        using var left = validation.Length > 0 ? pass.Over(validation, report) : null;
        double penalty = plan.ProbePenalty ?? group.OfMain([PenaltySelection.For(features, plan.Seed, _checkFit)])[0];
        double[] head = new LogisticRegression(features, penalty).Fit(null, plan.Epochs, report: (step, point) =>
        {
            _checkFit();
            _epochs.Add(Evaluate(step, point, features, left, imagesPerSecond));
            report.Epoch(_epochs[^1]);
        });
        head = group.OfMain(head);
        // Before the validation rows are trained on: a head is too sure of what it has seen.
        var calibration = left is null ? null : Calibration.Of(left.ToEvaluatedRows(head), plan.Calibrate);
        if (left is not null && plan.CutsValidation)
        {
            using var all = features.With(left, classFactors);
            head = group.OfMain(new LogisticRegression(all, penalty).Fit(head, plan.Epochs, report: (_, _) => _checkFit()));
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
        };
    }

    private TrainingMetrics Evaluate(int epoch, double[] head, FeatureMatrix features, FeatureMatrix? left, double imagesPerSecond)
    {
        var (loss, accuracy) = features.Evaluate(head);
        (double Loss, double Accuracy)? outside = left?.Evaluate(head);
        return new TrainingMetrics
        {
            Epoch = epoch,
            Epochs = plan.Epochs,
            Step = 1,
            Steps = 1,
            TrainingLoss = loss,
            TrainingAccuracy = accuracy,
            ValidationLoss = outside?.Loss,
            ValidationAccuracy = outside?.Accuracy,
            ImagesPerSecond = imagesPerSecond,
            Elapsed = _clock.Elapsed,
        };
    }
}

internal static class ProbedHead
{
    /// <summary>Steps of the optimiser; it seldom needs them all.</summary>
    private const int Iterations = 100;

    /// <summary>
    /// Fits a head to the features of the rows and gives it to the network. Fine-tuning that begins with a head that knows nothing first spoils the features; one
    /// that begins here keeps them (Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution", arXiv:2202.10054).
    /// </summary>
    internal static void Give(TrainingPlan plan, TrainingRow[] rows, VisionTransformerNetwork network, FeaturePass pass, TrainingLog report, Action checkAlive, TrainingProcessGroup group)
    {
        using var features = pass.Over(rows, report);
        var check = group.IsMany ? () => { } : checkAlive;
        double penalty = group.OfMain([PenaltySelection.For(features, plan.Seed, check)])[0];
        Set(network, group.OfMain(new LogisticRegression(features, penalty).Fit(null, Iterations, report: (_, _) => check())));
    }

    /// <summary>Gives a head to the network; DeiT's second head gets the same, since the features are the mean of both tokens.</summary>
    /// <exception cref="InvalidOperationException">A weight is not finite.</exception>
    internal static void Set(VisionTransformerNetwork network, double[] head)
    {
        if (!Array.TrueForAll(head, value => float.IsFinite((float)value)))
        {
            throw new InvalidOperationException(
                "The linear probe diverges: weights of the head are not finite in 32-bit floats. Raise ProbePenalty; where the column holds pixels, check that they are scaled to about -1..1.");
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
