// Names of nodes by the module of the network that they compute.
namespace Microsoft.ML.VisionTransformer.Onnx;

internal static class ModulePath
{
    private const string Blocks = "/blocks/";

    /// <summary><c>blocks.0.attn.qkv</c> to <c>/blocks.0/attn/qkv</c>.</summary>
    internal static string Of(string module)
    {
        string path = "/" + module.Replace('.', '/');
        return path.StartsWith(Blocks, StringComparison.Ordinal) ? $"/blocks.{path[Blocks.Length..]}" : path;
    }
}
