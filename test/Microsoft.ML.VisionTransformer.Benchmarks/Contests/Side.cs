// The work of one side of a comparison.
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal abstract class Side : IDisposable
{
    /// <summary>Minimum duration of a measurement.</summary>
    private const double Seconds = 1.5;

    /// <summary>One measurement.</summary>
    internal abstract double[] Measure();

    internal static Side Named(string name, string[] arguments) => name switch
    {
        ForwardSide.Library or ForwardSide.Libtorch or ForwardSide.Onnx or ForwardSide.Floor or ForwardSide.BFloat16 or ForwardSide.Int8 or
            ForwardSide.OnnxInt8 => new ForwardSide(name, arguments),
        PipelineSide.Library or PipelineSide.Onnx or PipelineSide.Network or PipelineSide.Images => new PipelineSide(name, arguments),
        EngineSide.Library or EngineSide.Bare or EngineSide.Onnx => new EngineSide(name, arguments),
        _ => throw new ArgumentException($"There is no side '{name}'.", nameof(name)),
    };

    public abstract void Dispose();

    /// <summary>Mean seconds per call, over as many calls as fit the duration.</summary>
    protected static double SecondsOf(Action work)
    {
        var clock = Stopwatch.StartNew();
        int times = 0;
        do
        {
            work();
            times++;
        }
        while (clock.Elapsed.TotalSeconds < Seconds);
        return clock.Elapsed.TotalSeconds / times;
    }
}
