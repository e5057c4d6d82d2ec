// Row operations on tokens between matrix products: this library and libtorch.
using BenchmarkDotNet.Attributes;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>102 tokens of a ViT-S, one thread: the norm over 384 values, GELU over 1536.</summary>
public unsafe class RowBenchmarks
{
    private const int Tokens = 102, Dimension = 384;

    private Tensor _rows = null!, _result = null!, _hidden = null!, _weight = null!, _bias = null!;
    private NormWeights _norm;

    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(1);
        _rows = rand(Tokens, Dimension);
        _result = zeros(Tokens, Dimension);
        _hidden = rand(Tokens, 4 * Dimension);
        _weight = ones(Dimension);
        _bias = zeros(Dimension);
        _norm = new NormWeights(TensorAddress.Of(_weight), TensorAddress.Of(_bias), 1e-6f);
    }

    [Benchmark]
    public void NormLibtorch()
    {
        using var mode = inference_mode();
        nn.functional.layer_norm(_rows, [Dimension], _weight, _bias, 1e-6).Dispose();
    }

    [Benchmark]
    public void Norm() => VectorRows.Normalize(
        new FusedRows(TensorAddress.Of(_rows), Dimension), new FusedRows(TensorAddress.Of(_result), Dimension), 0, Tokens, Dimension, _norm);

    [Benchmark]
    public void GeluLibtorch()
    {
        using var mode = inference_mode();
        nn.functional.gelu(_hidden).Dispose();
    }

    [Benchmark]
    public void Gelu() => VectorActivations.Apply(MlpActivation.Gelu, TensorAddress.Of(_hidden), 4 * Dimension, Tokens, 4 * Dimension);

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var tensor in new[] { _rows, _result, _hidden, _weight, _bias })
            tensor.Dispose();
    }
}
