// The entries of a network in a model file (architecture, preprocessing, weights), and the parsing and checking of entries.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.ModelFile;

/// <summary>The entries that classifiers and feature transformers have in common.</summary>
internal static class NetworkEntries
{
    internal const string ArchitectureName = "architecture.json";

    private const string PreprocessingName = "preprocessing.json";

    internal static void Write(ModelWriter writer, NetworkContent network, WeightStorage storage)
    {
        writer.Add(ArchitectureName, ModelJson.Write(network.Architecture));
        writer.Add(PreprocessingName, ModelJson.Write(network.Preprocessing));
        WeightEntries.Write(writer, network.Weights, storage);
    }

    /// <summary>Reads the entries. The caller disposes the weights.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="check">Checks the architecture against other entries, before any weight is read.</param>
    /// <exception cref="InvalidDataException">An entry is missing, changed or invalid.</exception>
    internal static (ImagePreprocessing Preprocessing, NetworkWeights Weights, WeightStorage Storage) Read(
        ModelReader reader, Action<VisionTransformerArchitecture> check)
    {
        var architecture = ModelEntries.Parse(reader, ArchitectureName, ModelJson.Read<VisionTransformerArchitecture>);
        var preprocessing = ModelEntries.Parse(reader, PreprocessingName, ModelJson.Read<ImagePreprocessing>);
        Check(architecture, preprocessing);
        check(architecture);
        var table = WeightEntries.ReadTable(reader, architecture);

        var weights = new NetworkWeights(architecture);
        try
        {
            return (preprocessing, weights, WeightEntries.Read(reader, table, weights));
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static void Check(VisionTransformerArchitecture architecture, ImagePreprocessing preprocessing)
    {
        ModelEntries.Check(ArchitectureName, () => architecture.Check());
        ModelEntries.Check(PreprocessingName, preprocessing.Check);
        if (preprocessing.Mean.Count != architecture.Channels)
        {
            throw ModelReader.Broken(
                $"{PreprocessingName} produces images with {preprocessing.Mean.Count} channels, but {ArchitectureName} takes {architecture.Channels}");
        }

        if (preprocessing.Size != architecture.ImageSize)
            throw ModelReader.Broken($"{PreprocessingName} produces images of {preprocessing.Size}, but {ArchitectureName} takes {architecture.ImageSize}");
    }
}

/// <summary>What is written of a network: its architecture, its preprocessing, and its weights by name.</summary>
internal sealed record NetworkContent(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    IReadOnlyDictionary<string, NamedWeight> Weights);

/// <summary>Parses and checks entries; errors name the entry.</summary>
internal static class ModelEntries
{
    /// <summary>Reads and parses an entry.</summary>
    /// <exception cref="InvalidDataException">The entry is missing or cannot be parsed; the message names it.</exception>
    internal static T Parse<T>(ModelReader reader, string name, Func<byte[], T> parse)
    {
        byte[] content = reader.Read(name);
        try
        {
            return parse(content);
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException or NotSupportedException or ArgumentException)
        {
            throw ModelReader.Broken($"the entry {name} does not have the expected format ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>Checks the values of an entry.</summary>
    /// <param name="name">The entry.</param>
    /// <param name="check">Throws an <see cref="ArgumentException"/> that names the value.</param>
    /// <exception cref="InvalidDataException">A value is not allowed; the message names the entry and the value.</exception>
    internal static void Check(string name, Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException e)
        {
            throw ModelReader.Broken($"the entry {name} has an invalid value: {e.Message.TrimEnd('.')}");
        }
    }
}
