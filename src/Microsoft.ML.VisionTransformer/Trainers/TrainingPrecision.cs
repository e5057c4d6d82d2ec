// The numbers that training computes with.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>The numbers of the forward and the backward pass. Weights, optimiser, loss and validation have 32 bits in either case.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The number types are what is chosen.")]
public enum TrainingPrecision
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>
    /// 16-bit brain floats: faster where the device multiplies them in hardware (processors with AMX: three quarters of a ViT-Ti's time and four fifths of its memory; NVIDIA from Ampere
    /// on), slower elsewhere.
    /// </summary>
    BFloat16,
}
