// Writes the network of a transformer as an ONNX file.
using Microsoft.ML.VisionTransformer.Onnx;

namespace Microsoft.ML.VisionTransformer.Transformers;

internal static class OnnxNetwork
{
    /// <summary>Writes the file while the network cannot be disposed.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file.</param>
    /// <param name="describe">What is written, given where the values of a tensor of the network are had.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="usual">The outputs where the options say nothing.</param>
    /// <inheritdoc cref="OnnxExport.Write"/>
    internal static void Write(
        ScoringNetwork network,
        string path,
        Func<Func<string, ReadOnlyMemory<float>>, OnnxModelDescription> describe,
        OnnxExportOptions? options,
        OnnxOutputs usual) =>
        network.UseWeights(weights => OnnxExport.Write(path, describe(name => weights[name].Values()), options ?? new OnnxExportOptions(), usual));
}
