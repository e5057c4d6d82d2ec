// Tells of a run: ML.NET's log, its progress channel, and the user's callback.
using System.Globalization;
using Microsoft.ML.Runtime;
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

    /// <param name="host">Has the log.</param>
    /// <param name="callback">The user's; null for none.</param>
    /// <param name="silent">Whether nothing is told, because another process tells it.</param>
    internal TrainingLog(IHost host, Action<TrainingMetrics>? callback, bool silent = false)
    {
        _silent = silent;
        _log = host.Start("Training");
        _progress = host.StartProgressChannel("Vision Transformer training");
        _progress.SetHeader(new ProgressHeader(["Loss", "Accuracy", "Validation loss", "Validation accuracy", "Images/s"], ["epochs"]), _ => { });
        _callback = silent ? null : callback;
    }

    /// <summary>What the run starts with.</summary>
    internal void Start(TrainingPlan plan, int training, int validation, int withoutLabel, string device)
    {
        Info(string.Create(CultureInfo.InvariantCulture, $"Training {plan.Architecture.Name} at {plan.Architecture.ImageSize} pixels {(plan.Pretrained is null ? "from scratch" : $"from {plan.Pretrained}")} ({plan.Strategy}: {plan.StrategyReason}) on {training} images of {plan.Architecture.Classes} classes ({validation} for validation), {plan.Epochs} epochs of batches of {plan.BatchSize}, on {device}."));
        if (validation == 0)
            Info("No rows are kept for validation: the model has the last weights. Set ValidationSet, or a ValidationSetFraction for more images.");
        if (withoutLabel > 0)
            Warning(string.Create(CultureInfo.InvariantCulture, $"{withoutLabel} rows have no label and are left out."));
    }

    /// <summary>Files that are told from now on; disposed with this.</summary>
    internal void WriteTo(RunLogs logs) => _logs = logs;

    /// <summary>Where an interrupted run goes on.</summary>
    internal void Resume(RunProgress from, long stepsPerEpoch) => Info(string.Create(
        CultureInfo.InvariantCulture,
        $"An interrupted training goes on after {from.Epochs.Count} epochs and {from.Step - from.Epochs.Count * stepsPerEpoch} steps."));

    /// <summary>The figures after a step, or after some images of a linear probe.</summary>
    internal void Step(TrainingMetrics metrics)
    {
        if (metrics.Phase == TrainingPhase.Step)
            _logs?.Step(metrics);
        Call(metrics);
    }

    /// <summary>An epoch's figures.</summary>
    internal void Epoch(TrainingMetrics metrics)
    {
        Info(metrics.ToString());
        if (!_silent)
            _progress.Checkpoint(metrics.TrainingLoss, metrics.TrainingAccuracy, metrics.ValidationLoss, metrics.ValidationAccuracy, metrics.ImagesPerSecond, metrics.Epoch, metrics.Epochs);
        _logs?.Epoch(metrics);
        Call(metrics);
    }

    /// <summary>How the run ended.</summary>
    internal void End(TrainingHistory history) => Info(string.Create(
        CultureInfo.InvariantCulture,
        $"Trained {history.Epochs.Count} epochs{(history.StoppedEarly ? " (stopped early)" : history.Cancelled ? " (cancelled)" : "")}; the model has the {(history.IsAverage ? "averaged " : "")}weights of epoch {history.BestEpoch}."));

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

    /// <summary>Who trains together.</summary>
    internal void Group(TrainingProcessGroup group, TrainingPlan plan)
    {
        if (group.IsMany)
            Info(string.Create(CultureInfo.InvariantCulture, $"{group.Size} processes train together over {group.Library}: {plan.BatchSize} rows a batch of each, {(long)plan.BatchSize * group.Size} of all, the learning rate times {plan.RateFactor:G4}."));
    }

    /// <summary>The user's code does not run in the inference mode of a pass over features.</summary>
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
    /// <summary>Takes the figures of a step; what is null or NaN is not there.</summary>
    /// <param name="step">Number of the epoch, or of the batch; ascending.</param>
    /// <param name="figures">Each under its tag, as <see cref="MetricTags"/> names them.</param>
    /// <exception cref="IOException">The file does not take them; the message names it.</exception>
    void Add(long step, params (string Tag, double? Value)[] figures);
}
