// The files of a model that are looked for on a hub.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class HubWeights
{
    /// <summary>A list of shards, which is worth something only with all of them.</summary>
    internal const string Index = "model.safetensors.index.json";

    /// <summary>Fetched where the model has them.</summary>
    internal static readonly IReadOnlyList<string> Companions = ["config.json", "preprocessor_config.json"];

    /// <summary>One of these is needed; the first that the model has is taken.</summary>
    internal static readonly IReadOnlyList<string> InOrder = ["model.safetensors", Index, "pytorch_model.bin", "open_clip_model.safetensors"];
}
