// The precision of scoring.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>The precision of the blocks' matrix products while scoring. Preprocessing, head and softmax always use float32.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The enumeration selects a numeric type.")]
public enum ScoringPrecision
{
    /// <summary>32-bit floating point.</summary>
    Float32,

    /// <summary>
    /// bfloat16, which has 8 significant bits: up to 2.5 times as fast on devices that multiply it in hardware, with scores that differ in the second
    /// or third decimal place. docs/performance.md has measurements.
    /// </summary>
    BFloat16,
}
