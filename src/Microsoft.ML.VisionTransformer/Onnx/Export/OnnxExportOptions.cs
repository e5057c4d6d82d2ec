// What an ONNX file is to take, give and how it is to compute.
using System.Diagnostics.CodeAnalysis;
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

/// <summary>What an ONNX file takes.</summary>
public enum OnnxInput
{
    /// <summary>
    /// <c>input</c>, Single [images, channels, height, width]: images that the caller resized and normalised as <see cref="ImagePreprocessing"/> says.
    /// </summary>
    NormalizedFloat,

    /// <summary>
    /// <c>image</c>, Byte [images, height, width, 3]: red, green and blue of decoded, upright images of any size, all of one run of the same size. The file
    /// resizes, crops and normalises them, to the same numbers as this library.
    /// </summary>
    RawRgb,
}

/// <summary>What an ONNX file gives; several may be joined.</summary>
[Flags]
public enum OnnxOutputs
{
    /// <summary><c>probabilities</c>, Single [images, classes]: what the column Score has.</summary>
    Probabilities = 1,

    /// <summary><c>logits</c>, Single [images, classes]: what the network's head gives.</summary>
    Logits = 2,

    /// <summary><c>embedding</c>, Single [images, width]: what the head sees, or what the featurizer's column has.</summary>
    Embedding = 4,
}

/// <summary>Numbers in which an ONNX file computes. Inputs and outputs are the same for all.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The number types are what is chosen.")]
public enum OnnxPrecision
{
    /// <summary>32-bit floats throughout: the network's own numbers up to rounding.</summary>
    Float32,

    /// <summary>
    /// 16-bit floats for the products and activations, 32-bit for norms, softmax and the stream of tokens: half the size, and faster on a GPU. A processor that
    /// has no 16-bit arithmetic converts to and fro.
    /// </summary>
    Float16,

    /// <summary>
    /// 8-bit integers for the matrix products of the blocks (a scale for each output of a layer, and one for each token, found at run time), 32-bit floats
    /// for the
    /// rest: a quarter of the size. Some answers change: measure them on images of your own.
    /// </summary>
    Int8,
}
