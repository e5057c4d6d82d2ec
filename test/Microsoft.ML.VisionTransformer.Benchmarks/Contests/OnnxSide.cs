// ONNX Runtime with a file that the library exported, used directly as in an application.
using Microsoft.ML.OnnxRuntime;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>All optimizations, all processors; images are decoded and resized by SkiaSharp.</summary>
internal sealed class OnnxSide : IDisposable
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();

    internal OnnxSide(VisionTransformerArchitecture architecture, OnnxPrecision precision = OnnxPrecision.Float32)
    {
        _architecture = architecture;
        string path = Path.Combine(Path.GetTempPath(), $"contest-{Environment.ProcessId}.onnx");
        using (var model = FreshModel.Transformer(architecture))
            model.SaveAsOnnx(path, new OnnxExportOptions { Precision = precision });
        using var options = new SessionOptions
        {
            IntraOpNumThreads = Environment.ProcessorCount,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(path, options);
        File.Delete(path);
    }

    private int Length => _architecture.Channels * _architecture.ImageSize.Height * _architecture.ImageSize.Width;

    /// <summary>Probabilities of prepared images [count, C, H, W].</summary>
    internal float[] Run(float[] inputs, int count)
    {
        using var value = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, inputs.AsMemory(0, count * Length), [count, _architecture.Channels, _architecture.ImageSize.Height, _architecture.ImageSize.Width]);
        using var results = _session.Run(_run, _session.InputNames, [value], _session.OutputNames);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>Probabilities of encoded images; those of a batch are decoded in parallel.</summary>
    internal float[] Run(IReadOnlyList<byte[]> files)
    {
        float[] inputs = new float[files.Count * Length];
        Parallel.For(0, files.Count, i => Decode(files[i], inputs.AsSpan(i * Length, Length)));
        return Run(inputs, files.Count);
    }

    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }

    private void Decode(byte[] file, Span<float> chw)
    {
        var size = _architecture.ImageSize;
        using var decoded = SKBitmap.Decode(file);
        using var resized = decoded.Resize(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888), SKFilterQuality.High);
        var pixels = resized.GetPixelSpan();
        int plane = size.Width * size.Height;
        for (int i = 0; i < plane; i++)
        {
            for (int channel = 0; channel < 3; channel++)
                chw[(channel * plane) + i] = ((pixels[(4 * i) + channel] / 255f) - 0.5f) / 0.5f;
        }
    }
}
