// How wide the numbers are that scoring computes with.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>The numbers of the blocks' matrix products while scoring. Preprocessing, head and softmax have 32 bits either way.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The number types are what is chosen.")]
public enum ScoringPrecision
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>
    /// 16-bit brain floats, which keep 8 significant bits: up to 2.5 times as fast where the device multiplies them in hardware, with scores that differ in the second or third
    /// place; docs/performance.md has figures.
    /// </summary>
    BFloat16,
}
