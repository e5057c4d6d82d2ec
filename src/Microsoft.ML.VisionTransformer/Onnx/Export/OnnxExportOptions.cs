// Options of an ONNX export: input, outputs, batch size, precision and weight storage.
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Options of <see cref="VisionTransformerPredictionTransformer.SaveAsOnnx"/> and <see cref="VisionTransformerFeatureTransformer.SaveAsOnnx"/>.
/// </summary>
public sealed record OnnxExportOptions
{
    /// <summary>The input of the file. Default <see cref="OnnxInput.NormalizedFloat"/>.</summary>
    public OnnxInput Input { get; init; } = OnnxInput.NormalizedFloat;

    /// <summary>The outputs of the file. Default null: probabilities for a classifier, the embedding for a featurizer.</summary>
    public OnnxOutputs? Outputs { get; init; }

    /// <summary>Fixed number of images per run, at least 1. Default null: any number in each run.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Numeric precision of the computation. Default <see cref="OnnxPrecision.Float32"/>.</summary>
    public OnnxPrecision Precision { get; init; } = OnnxPrecision.Float32;

    /// <summary>
    /// Whether the weights are stored in a second file next to the first, with the same name plus <c>.data</c>; keep both files together. Default false.
    /// Weights of more than 2 GB, the format's limit for a single file, are always stored there.
    /// </summary>
    public bool ExternalData { get; init; }

    /// <summary>Checks all values.</summary>
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
            $"Outputs is {Outputs}; it must be one or more of {All}, or null for the model's default.");
    }
}

/// <summary>The input of an ONNX file.</summary>
public enum OnnxInput
{
    /// <summary>
    /// <c>input</c>, Single [images, channels, height, width]: images that the caller has resized and normalized according to <see cref="ImagePreprocessing"/>.
    /// </summary>
    NormalizedFloat,

    /// <summary>
    /// <c>image</c>, Byte [images, height, width, 3]: red, green and blue of decoded, upright images of any size; all images of one run have the same size. The
    /// file resizes, crops and normalizes them to the same values as this library.
    /// </summary>
    RawRgb,
}

/// <summary>The outputs of an ONNX file; values can be combined.</summary>
[Flags]
public enum OnnxOutputs
{
    /// <summary><c>probabilities</c>, Single [images, classes]: the values of the Score column.</summary>
    Probabilities = 1,

    /// <summary><c>logits</c>, Single [images, classes]: the output of the network's head.</summary>
    Logits = 2,

    /// <summary><c>embedding</c>, Single [images, width]: the input of the head, or the values of the featurizer's column.</summary>
    Embedding = 4,
}

/// <summary>The numeric precision of an ONNX file. Input and output types are the same for all.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The members are the numeric types to choose from.")]
public enum OnnxPrecision
{
    /// <summary>float32 throughout: the network's own values up to rounding.</summary>
    Float32,

    /// <summary>
    /// float16 for matrix products and activations, float32 for norms, softmax and the token stream: half the size, and faster on a GPU. A processor
    /// without float16 arithmetic converts to float32 and back.
    /// </summary>
    Float16,

    /// <summary>
    /// 8-bit integers for the matrix products of the blocks (a scale for each output of a layer, and one for each token, computed at run time), float32 for
    /// the rest: a quarter of the size. Some predictions change; measure the effect on your own images.
    /// </summary>
    Int8,
}
