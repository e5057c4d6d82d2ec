// A network in a model file: its shape, how its images are made, and its weights.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.ModelFile;

/// <summary>The entries that classifiers and featurizers share.</summary>
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

    /// <summary>Reads them.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="check">Checks the architecture against other entries, before any weight is read.</param>
    /// <exception cref="InvalidDataException">An entry is missing, changed or makes no sense.</exception>
    internal static (ImagePreprocessing Preprocessing, VisionTransformerNetwork Network, WeightStorage Storage) Read(ModelReader reader, Action<VisionTransformerArchitecture> check)
    {
        var architecture = ModelEntries.Parse(reader, ArchitectureName, ModelJson.Read<VisionTransformerArchitecture>);
        var preprocessing = ModelEntries.Parse(reader, PreprocessingName, ModelJson.Read<ImagePreprocessing>);
        Check(architecture, preprocessing);
        check(architecture);
        var table = WeightEntries.ReadTable(reader, architecture);

        var network = VisionTransformerNetwork.WithUnsetWeights(architecture);
        try
        {
            return (preprocessing, network, WeightEntries.Read(reader, table, network));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static void Check(VisionTransformerArchitecture architecture, ImagePreprocessing preprocessing)
    {
        ModelEntries.Check(ArchitectureName, () => architecture.Check());
        ModelEntries.Check(PreprocessingName, preprocessing.Check);
        if (preprocessing.Mean.Count != architecture.Channels)
            throw ModelReader.Broken($"{PreprocessingName} makes images of {preprocessing.Mean.Count} channels, {ArchitectureName} takes {architecture.Channels}");
        if (preprocessing.Size != architecture.ImageSize)
            throw ModelReader.Broken($"{PreprocessingName} makes images of {preprocessing.Size}, {ArchitectureName} takes {architecture.ImageSize}");
    }
}

/// <summary>A network on its way into a file: its shape, how its images are made, and its weights by name.</summary>
internal sealed record NetworkContent(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    IReadOnlyDictionary<string, NamedWeight> Weights);

internal static class ModelEntries
{
    /// <summary>The entry of that name, parsed.</summary>
    /// <exception cref="InvalidDataException">It is missing, or is something else; the message names it.</exception>
    internal static T Parse<T>(ModelReader reader, string name, Func<byte[], T> parse)
    {
        byte[] content = reader.Read(name);
        try
        {
            return parse(content);
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException or NotSupportedException or ArgumentException)
        {
            throw ModelReader.Broken($"the entry {name} is not what this version writes ({e.Message.TrimEnd('.')})");
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
            throw ModelReader.Broken($"the entry {name} has a value that is not allowed: {e.Message.TrimEnd('.')}");
        }
    }
}
