// From a JPEG to the network's input: this library, and SkiaSharp's decoding and resizing only.
using BenchmarkDotNet.Attributes;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>A generated JPEG: shorter side resized to 248, center crop of 224, normalized; one thread.</summary>
public class ImageBenchmarks
{
    private readonly ImagePreprocessor _converter = new(new ImagePreprocessing());
    private readonly byte[] _file = PhotoPainting.Jpeg(new Random(1), 500, 375);
    private float[] _input = [];

    [GlobalSetup]
    public void Setup() => _input = new float[_converter.Length];

    [Benchmark]
    public void Input() => new EncodedImageSource(_file, "photo").Fill(_converter, null, _input);

    [Benchmark(Baseline = true)]
    public void SkiaSharp()
    {
        using var decoded = SKBitmap.Decode(_file);
        using var resized = decoded.Resize(new SKImageInfo(331, 248), SKFilterQuality.High);
    }
}
