// The number formats of ONNX tensors that are written or read.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
