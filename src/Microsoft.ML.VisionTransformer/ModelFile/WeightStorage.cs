// How wide the numbers of the weights are in a model file.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>What <c>mlContext.Model.Save</c> writes weights as. Scoring computes in 32-bit floats either way.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The number types are what is chosen.")]
public enum WeightStorage
{
    /// <summary>32-bit floats: the loaded model gives the same scores, bit for bit.</summary>
    Float32,

    /// <summary>
    /// 16-bit floats, half the file: each weight keeps 11 significant bits. Vectors (biases, norms) stay 32-bit. Loading widens them again. Weights beyond 65504 do not
    /// fit, and saving says so.
    /// </summary>
    Float16,
}
