// Opens the golden checkpoints, and the weights of their golden cases.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class GoldenCheckpoints
{
    /// <summary>Opens a file below <c>golden/</c>, or a folder's model, by its extension.</summary>
    internal static CheckpointFile Open(params string[] parts)
    {
        string path = TestData.Path(["golden", .. parts]);
        if (Directory.Exists(path))
            path = Directory.GetFiles(path, "model.safetensors*").Single();
        return Path.GetExtension(path) switch
        {
            ".json" => ShardedSafetensorsCheckpoint.Open(path),
            ".npz" => NpzCheckpoint.Open(path),
            ".pth" => PthCheckpoint.Open(path),
            _ => SafetensorsCheckpoint.Open(path),
        };
    }

    /// <summary>timm's weights of a golden case.</summary>
    internal static CheckpointFile Weights(string networkCase) => Open("model", networkCase, "weights.safetensors");

    /// <summary>The configuration of a golden case.</summary>
    internal static JsonElement Config(string networkCase)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestData.Path("golden", "model", networkCase, "config.json")));
        return document.RootElement.Clone();
    }

    /// <summary>Every golden case that is a network.</summary>
    internal static IEnumerable<string> Cases() => Directory.GetDirectories(TestData.Path("golden", "model"))
        .Where(folder => File.Exists(Path.Combine(folder, "weights.safetensors")))
        .Select(folder => Path.GetFileName(folder)!)
        .Order(StringComparer.Ordinal);

    /// <summary>All tensors of a map as the parameters of a network, with the shapes of the architecture's parameter table.</summary>
    internal static List<ParameterRow> Rows(this LayoutMap map) =>
        [.. map.Tensors.Values.Select(t => new ParameterRow(t.Name, ParameterRole.LinearWeight, t.Shape ?? throw new AssertFailedException(t.Name)))];

    /// <summary>The values of one of the network's tensors.</summary>
    internal static float[] Values(this LayoutMap map, string name)
    {
        float[] values = new float[map.Tensors[name].Shape!.Aggregate(1L, (a, b) => a * b)];
        map.Tensors[name].CopyTo(values);
        return values;
    }
}
