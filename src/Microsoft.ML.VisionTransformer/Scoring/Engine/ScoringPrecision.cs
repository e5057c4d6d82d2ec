// The precision of scoring.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The number format of the matrix products in the blocks while scoring. Preprocessing, head and softmax always use
/// float32.
/// </summary>
/// <example>
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext();
/// using var model = mlContext.Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
/// try
/// {
///     model.ScoringPrecision = ScoringPrecision.BFloat16;
/// }
/// catch (NotSupportedException error)
/// {
///     Console.WriteLine(error.Message);    // this processor scores with float32
/// }
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// int count = model.Transform(images).GetColumn<float[]>("Score").Count();
/// Console.WriteLine($"{count} images scored with {model.ScoringPrecision}");
/// ]]></code>
/// </example>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The enumeration selects a numeric type.")]
public enum ScoringPrecision
{
    /// <summary>float32 everywhere.</summary>
    Float32,

    /// <summary>
    /// bfloat16, which has 8 significant bits. It is up to 2.4 times as fast on devices that multiply it in hardware.
    /// Scores differ in the second or third decimal place. docs/performance.md has measurements.
    /// </summary>
    BFloat16,

    /// <summary>
    /// int8 with int32 sums, on CPUs. It is faster than float32 on every processor, most of all on those with VNNI. Weights are quantized with one scale per
    /// output; activations are quantized while scoring, with one scale per token. Attention, norms and sums with the residuals stay in float32. Scores
    /// differ in the second decimal place. docs/performance.md has measurements.
    /// </summary>
    Int8,
}
