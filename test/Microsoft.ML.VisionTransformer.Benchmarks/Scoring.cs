// The cost of scoring in a pipeline relative to a bare loop of the same network.
using System.Diagnostics;
using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal sealed class Scoring : IDisposable
{
    private readonly Workload _workload;
    private readonly VisionTransformerPredictionTransformer _model;
    private readonly VisionTransformerNetwork _network;

    internal Scoring(Workload workload)
    {
        _workload = workload;
        _model = workload.Context.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
        {
            FeatureColumnName = nameof(Photo.Image),
            Arch = Workload.Architecture,
            Epoch = 1,
            BatchSize = Workload.BatchSize,
            ValidationSetFraction = null,
            Device = "cpu",
        }).Fit(workload.Data);
        _network = new VisionTransformerNetwork(_model.Architecture);
        _network.eval();
    }

    /// <summary><c>Transform</c> to the last score.</summary>
    internal double Library()
    {
        var clock = Stopwatch.StartNew();
        int rows = _model.Transform(_workload.Data).GetColumn<float[]>("Score").Count();
        return rows / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Forward passes on one prepared batch.</summary>
    internal double Bare()
    {
        using var mode = torch.inference_mode();
        var clock = Stopwatch.StartNew();
        for (int image = 0; image < _workload.Count; image += Workload.BatchSize)
        {
            using var scope = torch.NewDisposeScope();
            torch.nn.functional.softmax(_network.forward(_workload.Inputs), 1).data<float>().ToArray();
        }

        return _workload.Count / clock.Elapsed.TotalSeconds;
    }

    public void Dispose()
    {
        _model.Dispose();
        _network.Dispose();
    }
}
