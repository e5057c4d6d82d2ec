// A forward pass on prepared pixels: this library, libtorch, ONNX Runtime, and the matrix products only.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>Arguments: architecture, batch size. All have the same initial weights of seed 1 and return logits or probabilities.</summary>
internal sealed class ForwardSide : Side
{
    internal const string Library = "forward-library", Libtorch = "forward-libtorch", Onnx = "forward-onnx", Floor = "forward-floor", BFloat16 = "forward-bf16",
        Int8 = "forward-int8", OnnxInt8 = "forward-onnx-int8";

    private readonly VisionTransformerArchitecture _architecture;
    private readonly int _batch;
    private readonly float[] _input;
    private readonly Action _run;
    private readonly List<IDisposable> _owned = [];

    internal ForwardSide(string name, string[] arguments)
    {
        NativeHeap.Keep();
        _architecture = VisionTransformerArchitecture.Parse(arguments[0]);
        _batch = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        _input = Noise();
        _run = name switch
        {
            Onnx => OnnxRun(OnnxPrecision.Float32),
            OnnxInt8 => OnnxRun(OnnxPrecision.Int8),
            Floor => FloorRun(),
            _ => LibraryRun(fused: name != Libtorch, name switch
            {
                BFloat16 => ScoringPrecision.BFloat16,
                Int8 => ScoringPrecision.Int8,
                _ => ScoringPrecision.Float32,
            }),
        };
    }

    internal override double[] Measure() => [SecondsOf(_run) / _batch];

    public override void Dispose() => _owned.ForEach(owned => owned.Dispose());

    private float[] Noise()
    {
        var random = new Random(1);
        float[] input = new float[_batch * _architecture.Channels * _architecture.ImageSize.Height * _architecture.ImageSize.Width];
        foreach (ref float value in input.AsSpan())
            value = (random.NextSingle() * 4) - 2;
        return input;
    }

    private Action LibraryRun(bool fused, ScoringPrecision precision)
    {
        AppContext.SetSwitch(ScoringNetwork.FusedSwitch, fused);
        var network = Owned(ScoringNetwork.Of(new VisionTransformerNetwork(_architecture, seed: 1), ComputeDevice.Cpu));
        network.Precision = precision;
        return () => network.Probabilities(_input, _batch, 1);
    }

    private Action OnnxRun(OnnxPrecision precision)
    {
        var network = Owned(new OnnxSide(_architecture, precision));
        return () => network.Run(_input, _batch);
    }

    /// <summary>The matrix products of a forward pass one after the other in libtorch, on matrices of their sizes.</summary>
    private Action FloorRun()
    {
        int tokens = _architecture.Tokens, dimension = _architecture.EmbeddingDimension, hidden = _architecture.MlpHiddenDimension;
        int heads = _architecture.Heads, patch = _architecture.Channels * _architecture.PatchSize.Height * _architecture.PatchSize.Width;
        var products = new List<(Tensor A, Tensor B)> { Product(_batch * _architecture.PatchTokens, patch, dimension) };
        for (int block = 0; block < _architecture.Depth; block++)
        {
            products.Add(Product(_batch * tokens, dimension, 3 * dimension));
            products.Add((Owned(rand(_batch * heads, tokens, dimension / heads)), Owned(rand(_batch * heads, dimension / heads, tokens))));
            products.Add((Owned(rand(_batch * heads, tokens, tokens)), Owned(rand(_batch * heads, tokens, dimension / heads))));
            products.Add(Product(_batch * tokens, dimension, dimension));
            products.Add(Product(_batch * tokens, dimension, hidden));
            products.Add(Product(_batch * tokens, hidden, dimension));
        }

        products.Add(Product(_batch, dimension, _architecture.Classes));
        return () =>
        {
            using var mode = inference_mode();
            foreach (var (a, b) in products)
                matmul(a, b).Dispose();
        };
    }

    /// <summary>[rows, inputs] and the transpose of a weight [outputs, inputs].</summary>
    private (Tensor A, Tensor B) Product(int rows, int inputs, int outputs) => (Owned(rand(rows, inputs)), Owned(rand(outputs, inputs)).t());

    private T Owned<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
