// The training loop: epochs of steps, validation after each, the best weights, early stopping, and checkpoints.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Logging;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training;

/// <summary>One training run, or the remainder of an interrupted one.</summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly TrainingPlan _plan;
    private readonly TrainingRow[] _training;
    private readonly Action _checkAlive;
    private readonly TrainingBatches _batches;
    private readonly TrainingStep _step;
    private readonly Validation? _validation;
    private readonly BestWeights _best = new();
    private readonly RunRecorder? _recorder;
    private readonly TrainingProcessGroup _group;
    private readonly VisionTransformerNetwork _network;
    private readonly Device _device;
    private readonly ProbeResult? _probe;
    private readonly long _stepsPerEpoch;
    private readonly List<TrainingMetrics> _epochs = [];
    private readonly Stopwatch _clock = new();
    private readonly Stopwatch _waitingForImages = new();
    private RunProgress _progress;

    /// <param name="plan">Settings.</param>
    /// <param name="training">Rows to train on, at least one.</param>
    /// <param name="validation">Rows to validate on, or none.</param>
    /// <param name="network">The network, on its device; owned by the caller.</param>
    /// <param name="device">The device.</param>
    /// <param name="checkAlive">Throws when the run was canceled; called for each batch.</param>
    /// <param name="recorder">Reads and writes the run's checkpoints; null for none.</param>
    /// <param name="group">The processes that train together; null for one.</param>
    /// <param name="probe">The probe that initialized the head of a new run; null for none.</param>
    internal TrainingLoop(
        TrainingPlan plan,
        TrainingRow[] training,
        TrainingRow[] validation,
        VisionTransformerNetwork network,
        Device device,
        Action checkAlive,
        RunRecorder? recorder = null,
        TrainingProcessGroup? group = null,
        ProbeResult? probe = null)
    {
        (_plan, _training, _checkAlive, _recorder, _group, _network, _device) = (plan, training, checkAlive, recorder, group ?? TrainingProcessGroup.Alone, network, device);
        _probe = recorder?.Found is { } found ? found.Probe : probe;
        var augmentation = new AugmentationPipeline(plan.Preprocessing, plan.Augmentation);
        var mixing = !plan.Augmentation.Mixes ? null : new BatchMixing(plan.Augmentation, plan.Preprocessing.Size.Height, plan.Preprocessing.Size.Width);
        _batches = new TrainingBatches(new ImagePreprocessor(plan.Preprocessing, augmentation), plan.BatchSize, plan.Seed, mixing, plan.GradientAccumulation, _group);
        _stepsPerEpoch = _batches.StepsPerEpoch(training.Length);
        _validation = validation.Length > 0 ? new Validation(plan, validation, network, device, checkAlive, _group) : null;
        _step = new TrainingStep(plan, network, device, _stepsPerEpoch, _group);    // last: it holds memory, and nothing after it can fail
        _progress = Progress(0);
    }

    /// <summary>Runs the remaining epochs; the network then has the best weights.</summary>
    /// <param name="report">Receives the metrics of steps and epochs.</param>
    /// <exception cref="OperationCanceledException">The run was canceled, and the plan says to throw or there is no model yet.</exception>
    /// <exception cref="InvalidOperationException">The training diverges, or made no update.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    /// <exception cref="IOException">The checkpoint cannot be written.</exception>
    internal TrainingHistory Run(TrainingLog report)
    {
        _group.Broadcast(_step.Parameters.Values);
        Resume(report);
        bool canceled = false;
        if (!_progress.Finished)
        {
            try
            {
                RunEpochs(report);
            }
            catch (OperationCanceledException)
            {
                _recorder?.Write(Now(), Tensors());
                if (_plan.OnCancellation == CancellationHandling.Throw || _step.Done == 0)
                    throw;
                canceled = true;
            }

            TakeBest();
            CheckResult();
            _group.ExpectSame(_step.Parameters.Values, "The weights at the end of training");
            if (!canceled)
                _recorder?.Write(Now() with { Finished = true }, [("parameters", _step.Parameters.Values)]);
        }

        // A canceled run does not start another pass over the validation rows.
        var calibration = _plan.Calibrate && !canceled ? Calibration.Of(_validation!.Logits(), fit: true) : null;
        int best = _progress.Best?.Epoch ?? _epochs.Count;
        var history = new TrainingHistory
        {
            Epochs = _epochs,
            Temperature = calibration?.Temperature ?? 1,
            CalibrationError = calibration?.Error ?? _epochs.ElementAtOrDefault(best - 1)?.ValidationCalibrationError,
            BestEpoch = best,
            IsAverage = _progress.Best?.IsAverage ?? _step.Average is not null,
            TrainingRows = _training.Length,
            ValidationRows = _validation?.Rows ?? 0,
            StoppedEarly = _progress.StoppedEarly,
            Cancelled = canceled,
            Seed = _plan.Seed,
            ProbeAccuracy = _probe?.Accuracy,
            ProbePenalty = _probe?.Penalty,
            LearningCurve = _probe?.LearningCurve ?? [],
        };
        if (_probe is not null)
            report.CompareWithProbe(history, _probe, _plan);
        return history;
    }

    public void Dispose()
    {
        _best.Dispose();
        _step.Dispose();
    }

    private void Resume(TrainingLog report)
    {
        if (_recorder?.Found is not { } found)
            return;
        _progress = found.InStepsOf(_batches.RowsPerStep, _training.Length) with { Processes = _group.Size };
        _epochs.AddRange(found.Epochs);
        _step.Done = _progress.Step;
        if (found.Finished)
        {
            _recorder.Read([("parameters", _step.Parameters.Values)]);
            report.Info("The workspace already has the result of this training run; there is nothing left to do.");
            return;
        }

        if (found.Best is not null)
            _best.Set(found.Best, _step.Parameters.Values);
        _recorder.Read(Tensors());
        report.Resume(_progress, _stepsPerEpoch);
    }

    private void RunEpochs(TrainingLog report)
    {
        _clock.Start();
        // A run that stopped after the last row of an epoch resumes with the first row of the next.
        int rowsDone = _progress.Rows == _training.Length ? 0 : _progress.Rows;
        using var batches = _batches.ForTraining(_training, _plan.Epochs, _step.Done, rowsDone);
        while (_epochs.Count < _plan.Epochs && !_progress.StoppedEarly)
        {
            var metrics = RunEpoch(_epochs.Count + 1, batches, report);
            _epochs.Add(metrics);
            bool stop = _plan.EarlyStopping is { } settings && EarlyStoppingMonitor.ShouldStop(settings, _epochs);
            _progress = Progress(_step.Done) with { Epochs = [.. _epochs], Best = _best.Result, StoppedEarly = stop && _epochs.Count < _plan.Epochs };
            _recorder?.Write(Now(), Tensors());
            report.Epoch(metrics);
        }
    }

    private TrainingMetrics RunEpoch(int epoch, ReadAhead<TrainingBatch> batches, TrainingLog report)
    {
        var clock = Stopwatch.StartNew();
        _waitingForImages.Reset();
        long firstStep = _step.Done;
        _step.BeginEpoch();
        while (_step.Done < epoch * _stepsPerEpoch)
        {
            Step(epoch, batches);
            _recorder?.WriteIfDue(Now, Tensors);
            report.Step(Describe(epoch, clock.Elapsed, firstStep) with { Phase = TrainingPhase.Step });
        }

        _group.ExpectSame(_step.Parameters.Values, "The weights after an epoch");
        _step.RefuseDivergence(_progress.EpochSoFar.Loss, string.Create(CultureInfo.InvariantCulture, $"of epoch {epoch}"));
        var metrics = Describe(epoch, clock.Elapsed, firstStep);
        if (_validation is null)
            return metrics;
        _step.RefuseBrokenWeights();
        var (result, calibrationError) = Validate(epoch, _validation);
        return metrics with
        {
            ValidationLoss = result.Loss,
            ValidationAccuracy = result.Accuracy,
            ValidatedAverage = result.IsAverage,
            ValidationCalibrationError = calibrationError,
            Elapsed = Elapsed,
            TimeLeft = TimeLeft(),
        };
    }

    private void Step(int epoch, ReadAhead<TrainingBatch> batches)
    {
        if (_group.IsMany)
            _group.CheckAlive(_checkAlive);
        var mean = _progress.EpochSoFar.And(_group.Sum(_step.Run(() => Take(batches), epoch)));
        _progress = _progress with { Step = _step.Done, LossSum = mean.LossSum, Weight = mean.Weight, Right = mean.Right, Rows = mean.Rows };
    }

    private TrainingBatch Take(ReadAhead<TrainingBatch> batches)
    {
        // The processes of a group stop together, between two updates.
        var check = _group.IsMany ? null : _checkAlive;
        check?.Invoke();
        _waitingForImages.Start();
        bool taken = batches.TryTake(out var batch, check);
        _waitingForImages.Stop();
        return taken ? batch! : throw new InvalidOperationException("The training images ran out before the last epoch.");
    }

    /// <summary>Metrics of the weights or of their moving average, whichever is better. The better weights are kept if they beat all earlier ones.</summary>
    private (ValidationResult Result, double CalibrationError) Validate(int epoch, Validation validation)
    {
        var (mean, calibrationError) = validation.Evaluate();
        _step.RefuseBrokenLoss(mean.LossSum, "the validation rows");
        var result = Result(epoch, isAverage: false, mean, validation.Rows);
        _best.Offer(result, _step.Parameters.Values);
        if (_step.Average is not { } average)
            return (result, calibrationError);
        var (meanOfAverage, errorOfAverage) = _step.Parameters.With(average.Values, validation.Evaluate);
        _step.RefuseBrokenLoss(meanOfAverage.LossSum, "the validation rows, with the EMA of the weights (EmaDecay),");
        var averaged = Result(epoch, isAverage: true, meanOfAverage, validation.Rows);
        _best.Offer(averaged, average.Values);
        return averaged.IsBetterThan(result) ? (averaged, errorOfAverage) : (result, calibrationError);
    }

    /// <summary>The standard error counts for validation rows split off the training rows only; a validation set of the user's is compared exactly.</summary>
    private ValidationResult Result(int epoch, bool isAverage, RunningMean mean, int rows) =>
        new(epoch, isAverage, mean.Accuracy, mean.Loss, _plan.CutsValidation ? ValidationResult.StandardError(mean.Accuracy, rows) : 0);

    private void TakeBest()
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        if ((_best.Values ?? _step.Average?.Values) is { } values)
            _step.Parameters.Values.copy_(values);
        _progress = _progress with { Best = _best.Result };
    }

    /// <summary>
    /// Throws if the result is unusable. Each loss so far was measured before an update; damage by the last update, which may leave finite weights,
    /// shows only when a batch is evaluated.
    /// </summary>
    private void CheckResult()
    {
        if (_step.Done == 0)
            throw new InvalidOperationException("Training made no updates, so the weights are unchanged: set Epoch to at least 1 and provide training rows.");
        _step.RefuseBrokenWeights();
        var rows = _training[..Math.Min(_plan.BatchSize, _training.Length)];
        var mean = new Validation(_plan, rows, _network, _device, () => { }).Evaluate().Mean;
        _step.RefuseBrokenLoss(mean.LossSum, "a batch of training rows");
        _step.RefuseDivergence(mean.Loss, "of a batch after the last update");
    }

    private TrainingMetrics Describe(int epoch, TimeSpan time, long firstStep)
    {
        var mean = _progress.EpochSoFar;
        long stepsOfEpoch = _step.Done - (epoch - 1) * _stepsPerEpoch;
        double fraction = (double)(_step.Done - firstStep) / Math.Max(1, stepsOfEpoch);
        return new TrainingMetrics
        {
            Epoch = epoch,
            Epochs = _plan.Epochs,
            Step = (int)stepsOfEpoch,
            Steps = (int)_stepsPerEpoch,
            LearningRate = _step.RateAt(Math.Max(0, _step.Done - 1)),
            TrainingLoss = mean.Loss,
            TrainingAccuracy = mean.Accuracy,
            ImagesPerSecond = mean.Rows * fraction / time.TotalSeconds,
            ImageWaitFraction = _waitingForImages.Elapsed / time,
            Elapsed = Elapsed,
            TimeLeft = TimeLeft(),
        };
    }

    private TimeSpan Elapsed => (_recorder?.Found?.Elapsed ?? TimeSpan.Zero) + _clock.Elapsed;

    /// <summary>At most <see cref="TimeSpan.MaxValue"/>: there may be 2^31 epochs.</summary>
    private TimeSpan TimeLeft()
    {
        double ticks = Elapsed.Ticks * ((double)(_plan.Epochs * _stepsPerEpoch - _step.Done) / Math.Max(1, _step.Done));
        return ticks < TimeSpan.MaxValue.Ticks ? TimeSpan.FromTicks((long)ticks) : TimeSpan.MaxValue;
    }

    private RunProgress Progress(long step) => new() { Seed = _plan.Seed, Step = step, RowsPerStep = _batches.RowsPerStep, Processes = _group.Size, Probe = _probe };

    private RunProgress Now() => _progress with { Elapsed = Elapsed };

    private IEnumerable<(string Name, Tensor Values)> Tensors()
    {
        _step.RefuseBrokenWeights();
        return _best.Values is null ? _step.State : _step.State.Append(("best", _best.Values));
    }
}

/// <summary>Keeps the weights of the best <see cref="ValidationResult"/>.</summary>
internal sealed class BestWeights : IDisposable
{
    /// <summary>The best so far; null before any was offered.</summary>
    internal ValidationResult? Result { get; private set; }

    /// <summary>Its weights, [n].</summary>
    internal Tensor? Values { get; private set; }

    /// <summary>Copies the weights if they are better than all earlier ones.</summary>
    internal void Offer(ValidationResult result, Tensor values)
    {
        if (Result is null || result.IsBetterThan(Result))
            Set(result, values);
    }

    /// <summary>Copies the weights unconditionally.</summary>
    internal void Set(ValidationResult result, Tensor values)
    {
        Result = result;
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        if (Values is null)
            Values = values.clone().DetachFromDisposeScope();
        else
            Values.copy_(values);
    }

    public void Dispose() => Values?.Dispose();
}

internal static class EarlyStoppingMonitor
{
    /// <summary>Whether the monitored metric has not improved by MinDelta for Patience epochs in a row.</summary>
    internal static bool ShouldStop(VisionTransformerTrainer.EarlyStopping settings, IEnumerable<TrainingMetrics> epochs)
    {
        double best = double.NegativeInfinity;
        int waited = 0;
        foreach (var epoch in epochs)
        {
            double score = settings.Metric == VisionTransformerTrainer.EarlyStoppingMetric.Accuracy ? epoch.ValidationAccuracy!.Value : -epoch.ValidationLoss!.Value;
            if (score - best >= settings.MinDelta)
                (best, waited) = (score, 0);
            else if (++waited >= settings.Patience)
                return true;
        }

        return false;
    }
}
