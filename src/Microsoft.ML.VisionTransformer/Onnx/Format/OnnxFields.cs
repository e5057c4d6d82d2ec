// The field numbers, metadata keys and data types of the ONNX format that this library writes or reads.
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

    /// <summary>StringStringEntryProto: one entry of the metadata or of an external tensor's location.</summary>
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

        /// <summary>The value of <see cref="DataLocation"/> for data in a separate file.</summary>
        internal const int External = 1;

        /// <summary>Keys of the entries in <see cref="ExternalData"/>.</summary>
        internal const string Location = "location", Offset = "offset", Length = "length";
    }

    /// <summary>ValueInfoProto, and the messages of its type.</summary>
    internal static class Value
    {
        internal const int Name = 1, Type = 2, TensorType = 1, ElementType = 1, Shape = 2, Dimension = 1, DimensionValue = 1, DimensionParameter = 2;
    }
}

/// <summary>Keys of the metadata, and the conventions for initializer names.</summary>
internal static class OnnxMetadata
{
    /// <summary>Producer of the file, and the key of the library's version.</summary>
    internal const string Producer = "Microsoft.ML.VisionTransformer", Version = "library_version";

    /// <summary>JSON: an array of strings, one per class; absent if the classes have no names or the file has no head.</summary>
    internal const string ClassNames = "class_names";

    /// <summary>JSON: <see cref="VisionTransformerArchitecture"/> and <see cref="ImagePreprocessing"/> in the format of a model .zip.</summary>
    internal const string Architecture = "architecture", Preprocessing = "preprocessing";

    /// <summary>The export options, and the temperature that divides the logits before the softmax.</summary>
    internal const string Input = "input", Precision = "precision", Temperature = "temperature";

    /// <summary>The value of <see cref="Precision"/> if weights are 8-bit integers.</summary>
    internal const string IntegerPrecision = "Int8";

    /// <summary>Suffix of an initializer's name: a matrix of the network, stored transposed, in the order of ONNX's MatMul.</summary>
    internal const string Transposed = ".transposed";

    /// <summary>Prefix of the names of initializers that are not weights.</summary>
    internal const char ConstantMark = '/';
}

/// <summary>TensorProto.DataType, with the format's values.</summary>
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
