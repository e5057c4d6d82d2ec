// Writes a configuration file as people and Python read it: indented JSON, whole or not at all.
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class ConfigFile
{
    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true };

    internal static void Write(string path, JsonObject settings) => AtomicFile.Write(path, stream =>
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        settings.WriteTo(writer, _options);
    });
}
