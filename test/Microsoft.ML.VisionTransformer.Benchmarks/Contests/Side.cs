// What a contestant does.
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal abstract class Side : IDisposable
{
    /// <summary>A measurement goes on until so much time has passed.</summary>
    private const double Seconds = 1.5;

    /// <summary>One measurement.</summary>
    internal abstract double[] Measure();

    internal static Side Named(string name, string[] arguments) => name switch
    {
        ForwardSide.Library or ForwardSide.Libtorch or ForwardSide.Onnx or ForwardSide.Floor or ForwardSide.BFloat16 => new ForwardSide(name, arguments),
        PipelineSide.Library or PipelineSide.Onnx or PipelineSide.Network or PipelineSide.Images => new PipelineSide(name, arguments),
        EngineSide.Library or EngineSide.Bare or EngineSide.Onnx => new EngineSide(name, arguments),
        _ => throw new ArgumentException($"There is no side '{name}'.", nameof(name)),
    };

    public abstract void Dispose();

    /// <summary>Seconds of one call, over as many as fit the time.</summary>
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
