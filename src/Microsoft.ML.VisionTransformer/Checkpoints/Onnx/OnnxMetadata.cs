// The texts that an exported ONNX file carries, so that any program can label its answers and this library can open it again.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Keys of the metadata.</summary>
internal static class OnnxMetadata
{
    /// <summary>Producer of the file, and the key of the library's version.</summary>
    internal const string Producer = "Microsoft.ML.VisionTransformer", Version = "library_version";

    /// <summary>JSON: an array of texts, one a class; absent where the classes have no names.</summary>
    internal const string ClassNames = "class_names";

    /// <summary>JSON: <see cref="VisionTransformerArchitecture"/> and <see cref="ImagePreprocessing"/> as a model .zip has them.</summary>
    internal const string Architecture = "architecture", Preprocessing = "preprocessing";

    /// <summary>Names of the options that were chosen, and the temperature that logits are divided by before the softmax.</summary>
    internal const string Input = "input", Precision = "precision", Temperature = "temperature";

    /// <summary>The text of <see cref="Precision"/> where weights are 8-bit integers.</summary>
    internal const string IntegerPrecision = "Int8";

    /// <summary>End of an initializer's name: a matrix of the network, stored with rows and columns exchanged, as ONNX multiplies.</summary>
    internal const string Transposed = ".transposed";

    /// <summary>Start of the names of initializers that are no weights.</summary>
    internal const char ConstantMark = '/';
}
