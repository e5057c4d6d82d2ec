// Options of an ONNX export: input, outputs, batch size, precision and weight storage.
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Options of <see cref="VisionTransformerPredictionTransformer.SaveAsOnnx"/> and
/// <see cref="VisionTransformerFeatureTransformer.SaveAsOnnx"/>.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// using var model = new MLContext().Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
/// model.SaveAsOnnx("model.onnx", new OnnxExportOptions
/// {
///     Input = OnnxInput.RawRgb,                                    // the file also resizes and normalizes
///     Outputs = OnnxOutputs.Probabilities | OnnxOutputs.Embedding,
///     Precision = OnnxPrecision.Float16,
/// });
/// Console.WriteLine($"{new FileInfo("model.onnx").Length:N0} bytes");
/// </code>
/// </example>
public sealed record OnnxExportOptions
{
    /// <summary>The input of the file. Default <see cref="OnnxInput.NormalizedFloat"/>.</summary>
    public OnnxInput Input { get; init; } = OnnxInput.NormalizedFloat;

    /// <summary>
    /// The outputs of the file. Default null: probabilities for a classifier, the embedding for a feature transformer.
    /// </summary>
    public OnnxOutputs? Outputs { get; init; }

    /// <summary>
    /// The number of images per run if it is fixed, at least 1. Default null: each run may have any number of images.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>The number format of the computation. Default <see cref="OnnxPrecision.Float32"/>.</summary>
    public OnnxPrecision Precision { get; init; } = OnnxPrecision.Float32;

    /// <summary>
    /// Whether the weights are stored in a second file, which has the same name plus <c>.data</c>. Keep both files in
    /// one folder. Default false. Weights of more than 2 GB, the limit of the format for a single file, are always
    /// stored there.
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
/// <seealso cref="OnnxExportOptions"/>
public enum OnnxInput
{
    /// <summary>
    /// <c>input</c>, Single [images, channels, height, width]. The caller resizes and normalizes the images according
    /// to <see cref="ImagePreprocessing"/>.
    /// </summary>
    NormalizedFloat,

    /// <summary>
    /// <c>image</c>, Byte [images, height, width, 3]: red, green and blue of decoded, upright images. They may have any
    /// size, but all images of one run must have the same size. The file resizes, crops and normalizes them to the same
    /// values as this library.
    /// </summary>
    RawRgb,
}

/// <summary>The outputs of an ONNX file. Values can be combined.</summary>
/// <seealso cref="OnnxExportOptions"/>
[Flags]
public enum OnnxOutputs
{
    /// <summary><c>probabilities</c>, Single [images, classes]: the values of the column <c>Score</c>.</summary>
    Probabilities = 1,

    /// <summary><c>logits</c>, Single [images, classes]: the output of the head.</summary>
    Logits = 2,

    /// <summary>
    /// <c>embedding</c>, Single [images, width]: the input of the head, or the values in the column of a feature
    /// transformer.
    /// </summary>
    Embedding = 4,
}

/// <summary>
/// The number format in which an ONNX file computes. The types of input and output do not depend on it.
/// </summary>
/// <seealso cref="OnnxExportOptions"/>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The members are the numeric types to choose from.")]
public enum OnnxPrecision
{
    /// <summary>float32 everywhere. The values are those of the network, up to rounding.</summary>
    Float32,

    /// <summary>
    /// float16 for matrix products and activations; float32 for norms, softmax and the token stream. The file is half
    /// as large, and runs faster on a GPU. A processor without float16 arithmetic converts to float32 and back.
    /// </summary>
    Float16,

    /// <summary>
    /// int8 for the matrix products of the blocks, float32 for the rest. The file is a quarter as large. Each output of
    /// a layer has a scale, and each token has one that is computed at run time. Some predictions change: measure the
    /// effect on your own images.
    /// </summary>
    Int8,
}
