// Trains a head alone, on features that the frozen network gives once.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Images;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// One pass of the network over the images, in evaluation mode and without augmentation; then the head is trained on the features to convergence. An epoch is one
/// step of the optimiser over all features. Validation rows that were cut off the training rows are put back for the last fit, after they have judged the one before.
/// </summary>
/// <param name="plan">Settings.</param>
/// <param name="training">Rows to train on, at least one.</param>
/// <param name="validation">Rows to validate on, or none.</param>
/// <param name="network">The network, on its device; stays the caller's.</param>
/// <param name="device">The device.</param>
/// <param name="checkAlive">Throws when the run was cancelled.</param>
internal sealed class LinearProbe(
    TrainingPlan plan, TrainingRow[] training, TrainingRow[] validation, VisionTransformerNetwork network, Device device, Action checkAlive)
{
    private readonly Stopwatch _clock = new();
    private readonly List<TrainingMetrics> _epochs = [];

    /// <summary>Trains the head; the network then has it.</summary>
    /// <param name="report">Told of images and epochs.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal TrainingHistory Run(TrainingReport report)
    {
        _clock.Start();
        network.eval();
        using var scope = NewDisposeScope();
        using var features = Features(training, report);
        double imagesPerSecond = training.Length / _clock.Elapsed.TotalSeconds;
        using var left = validation.Length > 0 ? Features(validation, report) : null;
        double penalty = plan.ProbePenalty ?? PenaltyChoice.For(features, plan.Seed, checkAlive);
        var head = new LogisticRegression(features, penalty).Fit(null, plan.Epochs, (step, point) =>
        {
            checkAlive();
            _epochs.Add(Judge(step, point, features, left, imagesPerSecond));
            report.Epoch(_epochs[^1]);
        });
        // Before the validation rows are trained on: a head is too sure of what it has seen.
        var calibration = left is null ? null : Calibration.Of(left.Judged(head), plan.Calibrate);
        if (left is not null && plan.CutsValidation)
        {
            using var all = features.With(left);
            head = new LogisticRegression(all, penalty).Fit(head, plan.Epochs, (_, _) => checkAlive());
        }

        SetHead(head);
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

    private FeatureMatrix Features(TrainingRow[] rows, TrainingReport report)
    {
        var clock = Stopwatch.StartNew();
        int done = 0;
        using var mode = inference_mode();
        var architecture = plan.Architecture;
        float[] values = new float[checked(rows.Length * architecture.FeatureDimension)];
        int filled = 0;
        using var batches = new TrainingBatches(new ImageToInput(plan.Preprocessing), plan.BatchSize, plan.Seed).ForValidation(rows);
        while (batches.TryTake(out var batch, checkAlive))
        {
            checkAlive();
            using var scope = NewDisposeScope();
            var features = network.ForwardHead(network.ForwardFeatures(BatchInput.Of(batch, architecture, device)), preLogits: true).cpu();
            features.data<float>().CopyTo(values.AsSpan(filled));
            filled += batch.Count * architecture.FeatureDimension;
            done += batch.Count;
            report.Step(Done(done, rows.Length, clock.Elapsed));
        }

        using var outside = inference_mode(false);
        return FeatureMatrix.Of(values, [.. rows.Select(r => (long)r.Class)], [.. rows.Select(r => r.Weight)], architecture.Classes);
    }

    private TrainingMetrics Done(int images, int of, TimeSpan time) => new()
    {
        Phase = TrainingPhase.Features,
        Epochs = plan.Epochs,
        Step = images,
        Steps = of,
        ImagesPerSecond = images / time.TotalSeconds,
        Elapsed = _clock.Elapsed,
        TimeLeft = time * ((double)(of - images) / images),
    };

    private TrainingMetrics Judge(int epoch, Tensor head, FeatureMatrix features, FeatureMatrix? left, double imagesPerSecond)
    {
        var (loss, accuracy) = features.Judge(head);
        (double Loss, double Accuracy)? outside = left?.Judge(head);
        return new TrainingMetrics
        {
            Epoch = epoch,
            Epochs = plan.Epochs,
            TrainingLoss = loss,
            TrainingAccuracy = accuracy,
            ValidationLoss = outside?.Loss,
            ValidationAccuracy = outside?.Accuracy,
            ImagesPerSecond = imagesPerSecond,
            Elapsed = _clock.Elapsed,
        };
    }

    /// <summary>Gives the head to the network; DeiT's second head gets the same, since its features are the mean of both tokens.</summary>
    private void SetHead(Tensor head)
    {
        using var mode = no_grad();
        var (weight, bias) = LogisticRegression.Split(head, plan.Architecture.Classes, plan.Architecture.FeatureDimension);
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (name is "head.weight" or "head_dist.weight")
                parameter.copy_(weight);
            else if (name is "head.bias" or "head_dist.bias")
                parameter.copy_(bias);
        }
    }
}
