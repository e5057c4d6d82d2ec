// The storage format of the weights in a model file.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The number format in which <c>mlContext.Model.Save</c> writes weights. It does not change the precision of scoring.
/// </summary>
/// <seealso cref="VisionTransformerPredictionTransformer"/>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The enumeration selects a numeric type.")]
public enum WeightStorage
{
    /// <summary>float32. The loaded model gives the same scores, bit for bit.</summary>
    Float32,

    /// <summary>
    /// float16, which halves the file size. Each weight keeps 11 significant bits. Vectors (biases and norms) stay
    /// float32. Loading converts the weights to float32. Saving throws if the absolute value of a weight is above
    /// 65504.
    /// </summary>
    Float16,

    /// <summary>
    /// int8 for the linear layers of the blocks, with one scale per output, and float16 for the other matrices: about a
    /// quarter of the file size. Loading converts the weights to float32, so the model is scored, saved and exported
    /// like any other. With <see cref="ScoringPrecision.Int8"/> the stored bytes are used as they are on processors with
    /// VNNI or ARM64.
    /// </summary>
    Int8,
}
