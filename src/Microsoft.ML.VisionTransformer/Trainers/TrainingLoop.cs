// Trains a network: epochs of steps, each followed by validation.
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// One run. The order of a step is that of PyTorch and timm: forward, loss, backward, clip, optimiser step with the rate of this step.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly TrainingPlan _plan;
    private readonly TrainingRow[] _training;
    private readonly TrainingRow[] _validation;
    private readonly VisionTransformerNetwork _network;
    private readonly Device _device;
    private readonly Action _checkAlive;
    private readonly TrainingBatches _batches;
    private readonly FlatParameters _parameters;
    private readonly AdamW _optimizer;
    private readonly BestWeights _best;
    private readonly CosineSchedule _schedule;
    private readonly int _stepsPerEpoch;
    private readonly Stopwatch _waitingForImages = new();

    /// <param name="plan">Settings.</param>
    /// <param name="training">Rows to train on, at least one.</param>
    /// <param name="validation">Rows to validate on, or none.</param>
    /// <param name="network">The network, on its device; stays the caller's.</param>
    /// <param name="device">The device.</param>
    /// <param name="checkAlive">Throws when the run was cancelled; called for each batch.</param>
    internal TrainingLoop(TrainingPlan plan, TrainingRow[] training, TrainingRow[] validation, VisionTransformerNetwork network, Device device, Action checkAlive)
    {
        (_plan, _training, _validation, _network, _device, _checkAlive) = (plan, training, validation, network, device, checkAlive);
        var augmentation = new TrainingAugmentation(plan.Preprocessing, plan.Augmentation);
        var mixing = new BatchMixing(plan.Augmentation, plan.Preprocessing.Size.Height, plan.Preprocessing.Size.Width);
        _batches = new TrainingBatches(new ImageToInput(plan.Preprocessing, augmentation), plan.BatchSize, plan.Seed, mixing);
        _stepsPerEpoch = (training.Length + plan.BatchSize - 1) / plan.BatchSize;
        _schedule = new CosineSchedule(
            plan.LearningRate,
            plan.MinimumLearningRate,
            CosineSchedule.DefaultWarmupStart,
            (int)Math.Round(plan.WarmupEpochs * _stepsPerEpoch),
            plan.Epochs * _stepsPerEpoch);
        _parameters = new FlatParameters(network, new LayerRates(plan.Architecture.Depth, plan.LayerDecay, plan.HeadRateFactor));
        _optimizer = new AdamW(_parameters, plan.WeightDecay);
        _best = new BestWeights(_parameters);
    }

    /// <summary>Runs all epochs; the network then has the weights of the best one.</summary>
    /// <param name="report">Called after each epoch.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The loss is no number any more, or grows without bound.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal TrainingHistory Run(Action<TrainingMetrics> report)
    {
        var watch = _plan.EarlyStopping is null ? null : new EarlyStoppingWatch(_plan.EarlyStopping);
        var epochs = new List<TrainingMetrics>();
        var clock = Stopwatch.StartNew();
        bool stopped = false;
        using var batches = _batches.ForTraining(_training, _plan.Epochs);
        while (epochs.Count < _plan.Epochs && !stopped)
        {
            var metrics = RunEpoch(epochs.Count + 1, batches, clock);
            epochs.Add(metrics);
            report(metrics);
            stopped = watch is not null && watch.ShouldStop(metrics.ValidationLoss!.Value, metrics.ValidationAccuracy!.Value);
        }

        _best.Restore();
        return new TrainingHistory
        {
            Epochs = epochs,
            BestEpoch = _best.Epoch > 0 ? _best.Epoch : epochs.Count,
            TrainingRows = _training.Length,
            ValidationRows = _validation.Length,
            StoppedEarly = stopped && epochs.Count < _plan.Epochs,
            Seed = _plan.Seed,
        };
    }

    public void Dispose()
    {
        _best.Dispose();
        _optimizer.Dispose();
        _parameters.Dispose();
    }

    private TrainingMetrics RunEpoch(int epoch, ReadAhead<TrainingBatch> batches, Stopwatch clock)
    {
        var start = clock.Elapsed;
        var training = Train(epoch, batches);
        double seconds = (clock.Elapsed - start).TotalSeconds;
        RefuseDivergence(training.Loss, epoch);
        var validation = _validation.Length > 0 ? Validate() : null;
        if (validation is not null)
            _best.Offer(epoch, validation.Accuracy, validation.Loss);
        return new TrainingMetrics
        {
            Epoch = epoch,
            Epochs = _plan.Epochs,
            LearningRate = _schedule.RateAt(epoch * _stepsPerEpoch - 1),
            TrainingLoss = training.Loss,
            TrainingAccuracy = training.Accuracy,
            ValidationLoss = validation?.Loss,
            ValidationAccuracy = validation?.Accuracy,
            ImagesPerSecond = _training.Length / seconds,
            ImageWaitShare = _waitingForImages.Elapsed.TotalSeconds / seconds,
            Elapsed = clock.Elapsed,
            TimeLeft = clock.Elapsed * ((double)(_plan.Epochs - epoch) / epoch),
        };
    }

    private RunningMean Train(int epoch, ReadAhead<TrainingBatch> batches)
    {
        _network.train();
        _waitingForImages.Reset();
        var mean = new RunningMean();
        for (int step = (epoch - 1) * _stepsPerEpoch; step < epoch * _stepsPerEpoch && Take(batches, out var batch); step++)
        {
            _checkAlive();
            TrainBatch(batch, step, epoch, mean);
        }

        return mean;
    }

    private bool Take(ReadAhead<TrainingBatch> batches, [NotNullWhen(true)] out TrainingBatch? batch)
    {
        _waitingForImages.Start();
        bool taken = batches.TryTake(out batch, _checkAlive);
        _waitingForImages.Stop();
        return taken;
    }

    private void TrainBatch(TrainingBatch batch, int step, int epoch, RunningMean mean)
    {
        using var scope = NewDisposeScope();
        double rate = _schedule.RateAt(step);
        _network.UseNoise(RandomStream.For(_plan.Seed, (long)RandomPurpose.Noise, step));
        var logits = _network.forward(Inputs(batch));
        double loss = batch.OwnShare < 1 ? MixedLoss(logits, batch, mean, out var total) : WeightedLoss(logits, batch, _plan.LabelSmoothing, mean, out total);
        if (!double.IsFinite(loss))
            throw NotLearning($"The training loss became {loss.ToString(CultureInfo.InvariantCulture)} in epoch {epoch}, step {step + 1}", rate);
        _parameters.Gradients.zero_();
        total.backward();
        if (_plan.ClipGradientNorm > 0)
            _optimizer.ClipGradients(_plan.ClipGradientNorm);
        _optimizer.Step(rate);
    }

    private RunningMean Validate()
    {
        _network.eval();
        using var mode = inference_mode();
        var mean = new RunningMean();
        using var batches = _batches.ForValidation(_validation);
        while (batches.TryTake(out var batch, _checkAlive))
        {
            _checkAlive();
            using var scope = NewDisposeScope();
            WeightedLoss(_network.forward(Inputs(batch)), batch, smoothing: 0, mean, out _);
        }

        return mean;
    }

    private Tensor Inputs(TrainingBatch batch)
    {
        var size = _plan.Architecture.ImageSize;
        return tensor(batch.Inputs, [batch.Count, _plan.Architecture.Channels, size.Height, size.Width], device: _device);
    }

    /// <summary>Cross-entropy, the mean over rows as they are weighted; adds loss and right answers to <paramref name="mean"/>.</summary>
    private double WeightedLoss(Tensor logits, TrainingBatch batch, double smoothing, RunningMean mean, out Tensor loss)
    {
        var classes = tensor(batch.Classes, device: _device);
        double weight = batch.Weights.Sum(w => (double)w);
        var each = nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.None, label_smoothing: smoothing);
        // A batch in which every weight is 0 teaches nothing; its loss is 0 rather than 0/0.
        loss = each.mul(tensor(batch.Weights, device: _device)).sum().Times(weight > 0 ? 1 / weight : 0);
        double value = loss.item<float>();
        mean.Add(value, weight, logits.argmax(1).eq(classes).sum().item<long>(), batch.Count);
        return value;
    }

    /// <summary>As <see cref="WeightedLoss"/> for mixed rows; a right answer is the class that has the larger share.</summary>
    private double MixedLoss(Tensor logits, TrainingBatch batch, RunningMean mean, out Tensor loss)
    {
        double weight = batch.Weights.Sum(w => (double)w);
        var targets = tensor(SoftTargets.Of(batch, _plan.Architecture.Classes, _plan.LabelSmoothing), [batch.Count, _plan.Architecture.Classes], device: _device);
        loss = SoftTargets.CrossEntropy(logits, targets).Times(weight > 0 ? 1 / weight : 0);
        double value = loss.item<float>();
        mean.Add(value, weight, logits.argmax(1).eq(tensor(SoftTargets.Dominant(batch), device: _device)).sum().item<long>(), batch.Count);
        return value;
    }

    /// <summary>Guessing costs ln(classes); a network far above that has diverged, even if its numbers are still finite.</summary>
    private void RefuseDivergence(double loss, int epoch)
    {
        const double TimesGuessing = 20;
        double guessing = Math.Log(Math.Max(_plan.Architecture.Classes, 2));
        if (loss > TimesGuessing * guessing)
        {
            throw NotLearning(
                string.Create(CultureInfo.InvariantCulture, $"The mean training loss of epoch {epoch} is {loss:F1}, {loss / guessing:F0} times that of guessing: the training diverges"),
                _schedule.RateAt(epoch * _stepsPerEpoch - 1));
        }
    }

    private InvalidOperationException NotLearning(string what, double rate) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}, at a learning rate of {rate:E1}. Lower LearningRate (it is {_plan.LearningRate:E1}), lengthen WarmupEpochs, or set ClipGradientNorm (it is {_plan.ClipGradientNorm}); pixels that are not scaled to about -1..1 do this too."));
}
