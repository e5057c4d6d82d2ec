// Runs an ONNX file in ONNX Runtime.
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class OnnxRun : IDisposable
{
    private readonly InferenceSession _session;

    /// <param name="path">The file.</param>
    /// <param name="optimizedPath">Path where ONNX Runtime writes the optimized graph; null for none.</param>
    internal OnnxRun(string path, string? optimizedPath = null)
    {
        // Threads that spin while they wait would slow down tests that run in parallel.
        using var options = new SessionOptions { IntraOpNumThreads = 2, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (optimizedPath is not null)
        {
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED;
            options.OptimizedModelFilePath = optimizedPath;
        }

        _session = new InferenceSession(path, options);
    }

    internal IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    internal IReadOnlyDictionary<string, NodeMetadata> Outputs => _session.OutputMetadata;

    internal IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    /// <summary>The output with that name, or the only one, for normalized images.</summary>
    internal float[] Run(float[] values, int[] shape, string? output = null) =>
        Run(NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(values, shape)), output);

    /// <summary>The same for raw pixels.</summary>
    internal float[] Run(byte[] pixels, int[] shape, string? output = null) =>
        Run(NamedOnnxValue.CreateFromTensor("image", new DenseTensor<byte>(pixels, shape)), output);

    public void Dispose() => _session.Dispose();

    private float[] Run(NamedOnnxValue input, string? output)
    {
        using var results = _session.Run([input], [output ?? _session.OutputNames.Single()]);
        return results[0].AsTensor<float>().ToArray();
    }
}
