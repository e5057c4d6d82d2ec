// Trains a head alone, on features that the frozen network gives once.
using System.Diagnostics;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

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
/// <param name="team">The processes that share the pass over the images; each then fits the head, and takes that of the first.</param>
internal sealed class LinearProbe(
    TrainingPlan plan, TrainingRow[] training, TrainingRow[] validation, double[]? classFactors, VisionTransformerNetwork network, Device device, Action checkAlive, TrainingTeam team)
{
    private readonly Action _checkFit = team.IsMany ? () => { } : checkAlive;
    private readonly Stopwatch _clock = new();
    private readonly List<TrainingMetrics> _epochs = [];

    /// <summary>Trains the head; the network then has it.</summary>
    /// <param name="report">Told of images and epochs.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal TrainingHistory Run(TrainingReport report)
    {
        _clock.Start();
        var pass = new FeaturePass(plan, network, device, checkAlive, team);
        using var features = pass.Over(training, report);
        double imagesPerSecond = training.Length / _clock.Elapsed.TotalSeconds;
        using var left = validation.Length > 0 ? pass.Over(validation, report) : null;
        double penalty = plan.ProbePenalty ?? team.OfMain([PenaltyChoice.For(features, plan.Seed, _checkFit)])[0];
        double[] head = new LogisticRegression(features, penalty).Fit(null, plan.Epochs, report: (step, point) =>
        {
            _checkFit();
            _epochs.Add(Judge(step, point, features, left, imagesPerSecond));
            report.Epoch(_epochs[^1]);
        });
        head = team.OfMain(head);
        // Before the validation rows are trained on: a head is too sure of what it has seen.
        var calibration = left is null ? null : Calibration.Of(left.Judged(head), plan.Calibrate);
        if (left is not null && plan.CutsValidation)
        {
            using var all = features.With(left, classFactors);
            head = team.OfMain(new LogisticRegression(all, penalty).Fit(head, plan.Epochs, report: (_, _) => _checkFit()));
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

    private TrainingMetrics Judge(int epoch, double[] head, FeatureMatrix features, FeatureMatrix? left, double imagesPerSecond)
    {
        var (loss, accuracy) = features.Judge(head);
        (double Loss, double Accuracy)? outside = left?.Judge(head);
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
