// Writes a golden network as an ONNX file.
using Microsoft.ML.VisionTransformer.Onnx.Export;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class OnnxGolden
{
    /// <summary>Writes the network, with all available outputs if the options do not specify them.</summary>
    internal static void Write(
        string path, VisionTransformerNetwork network, OnnxExportOptions options, Func<OnnxModelDescription, OnnxModelDescription>? change = null)
    {
        var state = network.state_dict();
        var architecture = network.Architecture;
        var model = new OnnxModelDescription(architecture, ImagePreprocessing.For(architecture), name => StateValues.Of(state[name]));
        var all = architecture.Classes > 0 ? OnnxOutputs.Logits | OnnxOutputs.Probabilities | OnnxOutputs.Embedding : OnnxOutputs.Embedding;
        OnnxExport.Write(path, change?.Invoke(model) ?? model, options, all);
    }
}
