// The matrix product of a linear layer: the packed product of this library and libtorch's.
using BenchmarkDotNet.Attributes;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>The first layer of the MLP of a ViT-Ti, -S or -B, 102 tokens, one thread.</summary>
public unsafe class ProductBenchmarks
{
    private const int Tokens = 102;

    private Tensor _input = null!, _weight = null!, _transposed = null!, _output = null!;
    private PackedMatrix _packed = null!;

    [Params(192, 384, 768)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(1);
        _input = rand(Tokens, Dimension);
        _weight = rand(4 * Dimension, Dimension);
        _transposed = _weight.t();
        _output = zeros(Tokens, 4 * Dimension);
        _packed = Pack(_weight);
    }

    [Benchmark(Baseline = true)]
    public void Libtorch()
    {
        using var mode = inference_mode();
        matmul(_input, _transposed).Dispose();
    }

    [Benchmark]
    public void Packed() => _packed.Multiply(
        new FusedRows(TensorAddress.Of(_input), Dimension), Tokens, null, new FusedRows(TensorAddress.Of(_output), 4 * Dimension), add: false, 0, _packed.Panels);

    private static PackedMatrix Pack(Tensor weight) => new(TensorAddress.Of(weight), weight.shape);

    [GlobalCleanup]
    public void Cleanup()
    {
        _packed.Dispose();
        foreach (var tensor in new[] { _transposed, _input, _weight, _output })
            tensor.Dispose();
    }
}
