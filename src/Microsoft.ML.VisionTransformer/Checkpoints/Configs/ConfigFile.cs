// Writes a configuration file as people and Python read it: indented JSON.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class ConfigFile
{
    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true };

    internal static void Write(Stream stream, JsonObject settings)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        settings.WriteTo(writer, _options);
    }
}
