// The choices that an ONNX export offers by name.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

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
