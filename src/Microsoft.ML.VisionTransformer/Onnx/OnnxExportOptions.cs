// What an ONNX file is to take, give and how it is to compute.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Options of <see cref="VisionTransformerPredictionTransformer.SaveAsOnnx"/> and <see cref="VisionTransformerFeatureTransformer.SaveAsOnnx"/>.
/// </summary>
public sealed record OnnxExportOptions
{
    /// <summary>What the file takes. Default <see cref="OnnxInput.NormalizedFloat"/>.</summary>
    public OnnxInput Input { get; init; } = OnnxInput.NormalizedFloat;

    /// <summary>What the file gives, one output each. Default null: probabilities for a classifier, the embedding for a featurizer.</summary>
    public OnnxOutputs? Outputs { get; init; }

    /// <summary>Images of one run, at least 1. Default null: any number, chosen at each run.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Numbers in which the file computes. Default <see cref="OnnxPrecision.Float32"/>.</summary>
    public OnnxPrecision Precision { get; init; } = OnnxPrecision.Float32;

    /// <summary>
    /// Whether the weights go to a second file beside the first, of the same name with <c>.data</c> behind it; the two belong together. Default false;
    /// weights of more
    /// than 2 GB, which the format cannot hold in one file, go there whatever this says.
    /// </summary>
    public bool ExternalData { get; init; }

    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    internal void Check()
    {
        Guard.Defined(Input);
        Guard.Defined(Precision);
        if (BatchSize is { } size)
            Guard.AtLeast(size, 1, nameof(BatchSize));
        const OnnxOutputs All = OnnxOutputs.Probabilities | OnnxOutputs.Logits | OnnxOutputs.Embedding;
        Guard.That(
            Outputs is null || (Outputs != 0 && (Outputs & ~All) == 0),
            nameof(Outputs),
            $"Outputs is {Outputs}; it must be one or more of {All}, or null for what the model usually gives.");
    }
}
