// One update of the weights: forward, loss, backward, clip, optimizer.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Optimizers;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training;

/// <summary>
/// The order of operations is that of PyTorch and timm. Gradients of several batches may be accumulated before the update; the result is that of one
/// large batch.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    /// <summary>A cap in steps that no training reaches: WarmupEpochs has no upper bound.</summary>
    private const double LongestWarmup = 1L << 62;

    private readonly TrainingPlan _plan;
    private readonly VisionTransformerNetwork _network;
    private readonly Device _device;
    private readonly LearningRateSchedule _schedule;
    private readonly FlatOptimizer _optimizer;
    private readonly FrozenBlocks _frozen;
    private readonly MixedPrecisionReplica? _replica;
    private readonly GradientBuckets? _buckets;

    /// <param name="plan">Settings.</param>
    /// <param name="network">The network, on its device; owned by the caller.</param>
    /// <param name="device">The device.</param>
    /// <param name="stepsPerEpoch">Updates of an epoch.</param>
    /// <param name="group">The processes whose gradients are summed; null for one.</param>
    internal TrainingStep(TrainingPlan plan, VisionTransformerNetwork network, Device device, long stepsPerEpoch, TrainingProcessGroup? group = null)
    {
        (_plan, _network, _device) = (plan, network, device);
        long warmup = (long)Math.Min(Math.Round(plan.WarmupEpochs * stepsPerEpoch), LongestWarmup);
        _schedule = new LearningRateSchedule(
            plan.LearningRate, plan.MinimumLearningRate, LearningRateSchedule.DefaultWarmupStart, warmup, plan.Epochs * stepsPerEpoch, plan.Schedule);
        var rates = new LayerDecay(plan.Architecture.Depth, plan.LayerDecay, plan.HeadRateFactor);
        _frozen = new FrozenBlocks(plan.Architecture.Depth, plan.FrozenBlocks);
        _frozen.Freeze(network);
        try
        {
            Parameters = new FlatParameters(network, rates);
            _optimizer = FlatOptimizer.Create(plan.Optimizer, Parameters, plan.WeightDecay, plan.Momentum, plan.Beta2, plan.Nesterov);
            Average = plan.EmaDecay > 0 ? new ExponentialMovingAverage(Parameters, plan.EmaDecay, plan.EmaWarmup) : null;
            _replica = plan.Precision == TrainingPrecision.BFloat16 ? new MixedPrecisionReplica(network, Parameters, rates, _frozen, device) : null;
            _buckets = group is { IsMany: true } ? new GradientBuckets(group, Parameters, rates) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The trained parameters.</summary>
    internal FlatParameters Parameters { get; }

    /// <summary>The moving average of the weights; null for none.</summary>
    internal ExponentialMovingAverage? Average { get; }

    /// <summary>Updates done.</summary>
    internal long Done { get => _optimizer.Steps; set => _optimizer.Steps = value; }

    /// <summary>Whether gradients are summed across processes during the backward pass; false sums them after it, to measure the cost.</summary>
    internal bool Overlaps { get; init; } = true;

    /// <summary>All values that the next update depends on, each [n].</summary>
    internal IEnumerable<(string Name, Tensor Values)> State
    {
        get
        {
            yield return ("parameters", Parameters.Values);
            foreach (var part in _optimizer.State)
                yield return part;
            if (Average is not null)
                yield return ("average", Average.Values);
        }
    }

    /// <summary>The learning rate of an update, counted from 0.</summary>
    internal double RateAt(long step) => _schedule.RateAt(step);

    /// <summary>Call before the first batch of an epoch.</summary>
    internal void BeginEpoch() => _frozen.Train(_replica?.Network ?? _network);

    /// <summary>One update.</summary>
    /// <param name="batches">Gives the batches of the update, one at a time.</param>
    /// <param name="epoch">From 1, for messages.</param>
    /// <returns>Loss and accuracy on these batches of this process, before the update.</returns>
    /// <exception cref="InvalidOperationException">The loss is not finite.</exception>
    internal RunningMean Run(Func<TrainingBatch> batches, int epoch)
    {
        Begin();
        var noise = RandomStream.For(_plan.Seed, (long)RandomPurpose.Noise, Done);
        var mean = default(RunningMean);
        TrainingBatch batch;
        do
        {
            batch = batches();
            (_replica?.Network ?? _network).UseNoise(noise, batch.Rows);
            mean = mean.And(AddGradients(batch, epoch));
            _replica?.AddGradients();
        }
        while (!batch.EndsStep);
        _buckets?.End();
        if (_plan.ClipGradientNorm > 0)
            Parameters.ClipGradients(_plan.ClipGradientNorm);
        _optimizer.Step(RateAt(Done));
        Average?.Update(Done);
        return mean;
    }

    /// <summary>The loss of random guessing is ln(classes); a network far above that has diverged, even if its values are still finite.</summary>
    /// <exception cref="InvalidOperationException">The network has diverged.</exception>
    internal void RefuseDivergence(double loss, string when)
    {
        const double TimesGuessing = 20;
        double guessing = Math.Log(Math.Max(_plan.Architecture.Classes, 2));
        if (!(loss <= TimesGuessing * guessing))
        {
            throw NotLearning(
                string.Create(CultureInfo.InvariantCulture, $"The mean training loss {when} is {loss:G4}, {loss / guessing:G3} times that of random guessing: training diverged"),
                RateAt(Math.Max(0, Done - 1)));
        }
    }

    /// <summary>Call with the loss on rows after an update, in evaluation mode.</summary>
    /// <param name="loss">Its sum over the rows.</param>
    /// <param name="what">Which rows, for the message.</param>
    /// <exception cref="InvalidOperationException">It is not finite.</exception>
    internal void RefuseBrokenLoss(double loss, string what)
    {
        if (!double.IsFinite(loss))
            throw NotLearning(string.Create(CultureInfo.InvariantCulture, $"The loss on {what} is {loss} after step {Done}: training diverged"), RateAt(Math.Max(0, Done - 1)));
    }

    /// <summary>Call before the weights are saved or returned.</summary>
    /// <exception cref="InvalidOperationException">A weight is not finite.</exception>
    internal void RefuseBrokenWeights()
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        if (!Parameters.Values.isfinite().all().item<bool>())
            throw NotLearning(string.Create(CultureInfo.InvariantCulture, $"The weights are not finite after step {Done}: training diverged"), RateAt(Math.Max(0, Done - 1)));
    }

    public void Dispose()
    {
        _buckets?.Dispose();
        _replica?.Dispose();
        Average?.Dispose();
        // These are null too if the constructor failed.
        _optimizer?.Dispose();
        Parameters?.Dispose();
        FrozenBlocks.Thaw(_network);
    }

    private void Begin()
    {
        using var scope = NewDisposeScope();
        Parameters.Gradients.zero_();
        _replica?.Begin();
        _buckets?.Begin();
    }

    private RunningMean AddGradients(TrainingBatch batch, int epoch)
    {
        // The last batch of an epoch may have fewer rows than there are processes.
        if (batch.Count == 0)
            return default;
        using var scope = NewDisposeScope();
        using var cuts = _buckets is not null && _replica is null && Overlaps && batch.EndsStep ? new BackwardCuts() : null;
        var input = batch.ToTensor(_plan.Architecture, _device);
        var logits = _replica is not null ? _replica.Forward(input) : cuts is null ? _network.forward(input) : _network.ForwardInChunks(input, cuts);
        var loss = BatchLoss.Of(logits, batch, _plan.LabelSmoothing);
        if (!double.IsFinite(loss.Metrics.LossSum))
            throw NotLearning(string.Create(CultureInfo.InvariantCulture, $"The training loss became {loss.Metrics.LossSum} in epoch {epoch}, step {Done + 1}: training diverged"), RateAt(Done));
        // If the weights of all rows of the update are 0, its gradient is 0 rather than 0/0.
        var mean = loss.Sum.Times(batch.StepWeight > 0 ? 1 / batch.StepWeight : 0);
        if (cuts is null)
            mean.backward();
        else
            cuts.Backward(mean, _buckets!.Ready);
        return loss.Metrics;
    }

    private InvalidOperationException NotLearning(string what, double rate) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}, at a learning rate of {rate:0.0e-0}. Lower LearningRate (it is {_plan.LearningRate:0.0e-0}), lengthen WarmupEpochs, or set ClipGradientNorm (it is {_plan.ClipGradientNorm}); pixels that are not scaled to about -1 to 1 also cause this."));
}
