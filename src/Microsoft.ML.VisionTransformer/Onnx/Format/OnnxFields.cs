// The field numbers of the ONNX format that are written or read.
namespace Microsoft.ML.VisionTransformer.Onnx.Format;

/// <summary>Messages of <c>onnx.proto</c> (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), one class each.</summary>
internal static class OnnxFields
{
    /// <summary>ModelProto: the file.</summary>
    internal static class Model
    {
        internal const int IrVersion = 1, ProducerName = 2, ProducerVersion = 3, Graph = 7, OperatorSets = 8, Metadata = 14;
    }

    /// <summary>OperatorSetIdProto.</summary>
    internal static class OperatorSet
    {
        internal const int Domain = 1, Version = 2;
    }

    /// <summary>StringStringEntryProto: one text of the metadata or of an external tensor's place.</summary>
    internal static class Entry
    {
        internal const int Key = 1, Value = 2;
    }

    /// <summary>GraphProto.</summary>
    internal static class Graph
    {
        internal const int Node = 1, Name = 2, Initializer = 5, Input = 11, Output = 12;
    }

    /// <summary>NodeProto.</summary>
    internal static class Node
    {
        internal const int Input = 1, Output = 2, Name = 3, Operator = 4, Attribute = 5;
    }

    /// <summary>AttributeProto.</summary>
    internal static class Attribute
    {
        internal const int Name = 1, Float = 2, Integer = 3, Integers = 8, Type = 20;

        /// <summary>Values of <see cref="Type"/>.</summary>
        internal const int FloatType = 1, IntegerType = 2, IntegersType = 7;
    }

    /// <summary>TensorProto.</summary>
    internal static class Tensor
    {
        internal const int Dimensions = 1, DataType = 2, Name = 8, RawData = 9, ExternalData = 13, DataLocation = 14;

        /// <summary>The value of <see cref="DataLocation"/> for data in a file beside the model.</summary>
        internal const int External = 1;

        /// <summary>Keys of the texts in <see cref="ExternalData"/>.</summary>
        internal const string Location = "location", Offset = "offset", Length = "length";
    }

    /// <summary>ValueInfoProto, and the messages of its type.</summary>
    internal static class Value
    {
        internal const int Name = 1, Type = 2, TensorType = 1, ElementType = 1, Shape = 2, Dimension = 1, DimensionValue = 1, DimensionParameter = 2;
    }
}

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

/// <summary>TensorProto.DataType; the numbers are the format's.</summary>
internal enum OnnxType
{
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
}
