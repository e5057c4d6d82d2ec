// Reports the progress of a run to ML.NET's log and progress channel, the user's callback, and the log files.
using System.Globalization;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Plan;

namespace Microsoft.ML.VisionTransformer.Training.Logging;

internal sealed class TrainingLog : IDisposable
{
    private readonly IChannel _log;
    private readonly IProgressChannel _progress;
    private readonly Action<TrainingMetrics>? _callback;
    private readonly bool _silent;
    private RunLogs? _logs;

    /// <param name="host">Provides the log and the progress channel.</param>
    /// <param name="callback">The user's callback; null for none.</param>
    /// <param name="silent">Whether to report nothing, because another process does.</param>
    internal TrainingLog(IHost host, Action<TrainingMetrics>? callback, bool silent = false)
    {
        _silent = silent;
        _log = host.Start("Training");
        _progress = host.StartProgressChannel("Vision Transformer training");
        _progress.SetHeader(new ProgressHeader(["Loss", "Accuracy", "Validation loss", "Validation accuracy", "Images/s"], ["epochs"]), _ => { });
        _callback = silent ? null : callback;
    }

    /// <summary>Logs the start of a run.</summary>
    internal void Start(TrainingPlan plan, int training, int validation, int withoutLabel, string device)
    {
        Info(string.Create(CultureInfo.InvariantCulture, $"Training {plan.Architecture.Name} at {plan.Architecture.ImageSize} pixels {(plan.Pretrained is null ? "from scratch" : $"from {plan.Pretrained}")} ({plan.Strategy}: {plan.StrategyReason}) with {training} training images and {validation} validation images of {plan.Architecture.Classes} classes, {plan.Epochs} {(plan.Epochs == 1 ? "epoch" : "epochs")}, batch size {plan.BatchSize}, on {device}."));
        if (validation == 0)
            Info("There are no validation rows, so the model keeps the weights of the last epoch. To validate, set ValidationSet or a larger ValidationSetFraction.");
        if (withoutLabel > 0)
            Warning(string.Create(CultureInfo.InvariantCulture, $"{withoutLabel} {(withoutLabel == 1 ? "row has" : "rows have")} no label and {(withoutLabel == 1 ? "is" : "are")} left out."));
    }

    /// <summary>Adds log files, which are disposed with this.</summary>
    internal void WriteTo(RunLogs logs) => _logs = logs;

    /// <summary>Logs the resumption of an interrupted run.</summary>
    internal void Resume(RunProgress from, long stepsPerEpoch) => Info(string.Create(
        CultureInfo.InvariantCulture,
        $"Resuming an interrupted run after {from.Epochs.Count} epochs and {from.Step - from.Epochs.Count * stepsPerEpoch} steps."));

    /// <summary>Reports the metrics after a step, or the progress over the images of a linear probe.</summary>
    internal void Step(TrainingMetrics metrics)
    {
        if (metrics.Phase == TrainingPhase.Step)
            _logs?.Step(metrics);
        Call(metrics);
    }

    /// <summary>Reports the metrics of an epoch.</summary>
    internal void Epoch(TrainingMetrics metrics)
    {
        Info(metrics.ToString());
        if (!_silent)
            _progress.Checkpoint(metrics.TrainingLoss, metrics.TrainingAccuracy, metrics.ValidationLoss, metrics.ValidationAccuracy, metrics.ImagesPerSecond, metrics.Epoch, metrics.Epochs);
        _logs?.Epoch(metrics);
        Call(metrics);
    }

    /// <summary>Logs the end of a run.</summary>
    internal void End(TrainingHistory history) => Info(string.Create(
        CultureInfo.InvariantCulture,
        $"Trained {history.Epochs.Count} {(history.Epochs.Count == 1 ? "epoch" : "epochs")}{(history.StoppedEarly ? " (stopped early)" : history.Cancelled ? " (canceled)" : "")}; the model has the {(history.IsAverage ? "averaged " : "")}weights of epoch {history.BestEpoch}."));

    /// <summary>Logs the cross-validation of a linear probe.</summary>
    internal void Probe(ProbeResult probe, TrainingStrategy strategy)
    {
        string name = strategy == TrainingStrategy.LinearProbe ? "The linear probe" : "The linear probe from which fine-tuning starts";
        Info(probe.Accuracy is { } accuracy
            ? string.Create(CultureInfo.InvariantCulture, $"{name} has a cross-validated accuracy of {PercentText.Of(accuracy)} on {probe.Images} images (penalty {probe.Penalty}).")
            : string.Create(CultureInfo.InvariantCulture, $"{name} has the penalty {probe.Penalty}; there are too few images to measure its accuracy by cross-validation."));
        if (probe.LearningCurve.Count > 0)
            Info($"Cross-validated accuracy of the linear probe by number of training images: {string.Join(", ", probe.LearningCurve.Select(point => string.Create(CultureInfo.InvariantCulture, $"{PercentText.Of(point.Accuracy)} with {point.Images}")))}.");
    }

    /// <summary>
    /// Compares the result of fine-tuning with the probe that it started from. A validation set of the user's may be harder than the training images,
    /// so only validation rows split off the training rows give a warning.
    /// </summary>
    internal void CompareWithProbe(TrainingHistory history, ProbeResult probe, TrainingPlan plan)
    {
        if (probe.Accuracy is not { } accuracy || history.Epochs.ElementAtOrDefault(history.BestEpoch - 1)?.ValidationAccuracy is not { } reached)
            return;
        string result = string.Create(CultureInfo.InvariantCulture, $"Fine-tuning ended with a validation accuracy of {PercentText.Of(reached)} on {history.ValidationRows} images; the linear probe that it started from has a cross-validated accuracy of {PercentText.Of(accuracy)} on {probe.Images} images");
        if (plan.CutsValidation && probe.IsClearlyBetterThan(reached, history.ValidationRows))
            Warning($"{result}, which is higher by more than chance explains. Lower LearningRate, or set Strategy to LinearProbe.");
        else
            Info($"{result}.");
    }

    internal void Warning(string message)
    {
        if (!_silent)
            _log.Warning(MessageSensitivity.None, message);
    }

    internal void Info(string message)
    {
        if (!_silent)
            _log.Info(MessageSensitivity.None, message);
    }

    /// <summary>Logs the process group.</summary>
    internal void Group(TrainingProcessGroup group, TrainingPlan plan)
    {
        if (group.IsMany)
            Info(string.Create(CultureInfo.InvariantCulture, $"{group.Size} processes train together over {group.Library}: batch size {plan.BatchSize} per process and {(long)plan.BatchSize * group.Size} in total, learning rate multiplied by {plan.RateFactor:G4}."));
    }

    /// <summary>Calls the user's callback outside the inference mode of a feature pass.</summary>
    private void Call(TrainingMetrics metrics)
    {
        if (_callback is null)
            return;
        using var state = TorchState.EnterOrdinary();
        _callback(metrics);
    }

    public void Dispose()
    {
        _logs?.Dispose();
        _progress.Dispose();
        _log.Dispose();
    }
}

internal interface IMetricsSink : IDisposable
{
    /// <summary>Adds the metrics of a step; null and NaN mean that a value is missing.</summary>
    /// <param name="step">Number of the epoch or step; ascending.</param>
    /// <param name="metrics">Values with their tags, which are defined in <see cref="MetricTags"/>.</param>
    /// <exception cref="IOException">The file cannot be written to; the message names it.</exception>
    void Add(long step, params (string Tag, double? Value)[] metrics);
}
