// Facts about the number formats of ONNX.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Onnx;

internal static class OnnxTypes
{
    /// <summary>Bytes of a value.</summary>
    internal static int Width(this OnnxType type) => type switch
    {
        OnnxType.UInt8 or OnnxType.Int8 => 1,
        OnnxType.Float16 => 2,
        OnnxType.Int64 or OnnxType.Float64 => 8,
        _ => 4,
    };
}
