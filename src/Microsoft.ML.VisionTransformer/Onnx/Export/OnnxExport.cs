// Makes an ONNX file of a network.
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

internal static class OnnxExport
{
    /// <summary>Version of ONNX's operators: the first with LayerNormalization, and one that ONNX Runtime reads since 1.12.</summary>
    internal const int OperatorSet = 17;

    private const string Images = "batch";

    /// <summary>Writes the file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="model">The network.</param>
    /// <param name="options">How.</param>
    /// <param name="usual">The outputs where the options say nothing.</param>
    /// <exception cref="ArgumentException">The options are wrong in themselves.</exception>
    /// <exception cref="NotSupportedException">The network does not have what the options ask for; the message says what.</exception>
    /// <exception cref="IOException">The file cannot be written; what was there is unchanged.</exception>
    internal static void Write(string path, OnnxModelDescription model, OnnxExportOptions options, OnnxOutputs usual)
    {
        options.Check();
        options = options with { Outputs = options.Outputs ?? usual };
        RefuseImpossible(model, options);
        if (Directory.Exists(path))
            throw new IOException($"{path} is a folder; name the file that is to be written, such as model.onnx in it.");
        OnnxFile.Write(path, Build(model, options), Metadata(model, options), options.ExternalData);
    }

    private static void RefuseImpossible(OnnxModelDescription model, OnnxExportOptions options)
    {
        var architecture = model.Architecture;
        if (options.Input == OnnxInput.RawRgb && model.Preprocessing.Mean.Count is not (1 or 3))
        {
            throw new NotSupportedException(
                $"Input is {OnnxInput.RawRgb}, and {architecture.Name} takes images of {architecture.Channels} channels; "
                + $"pixels are red, green and blue, or grey made of them. Take {OnnxInput.NormalizedFloat}.");
        }

        if (architecture.Classes == 0 && options.Outputs != OnnxOutputs.Embedding)
        {
            throw new NotSupportedException(
                $"Outputs is {options.Outputs}, and {architecture.Name} has no head: there are neither logits nor probabilities. "
                + $"Take {OnnxOutputs.Embedding}.");
        }
    }

    private static OnnxGraph Build(OnnxModelDescription model, OnnxExportOptions options)
    {
        var graph = new GraphBuilder(OperatorSet);
        var architecture = model.Architecture;
        GraphSize batch = options.BatchSize is { } size ? size : Images;
        string images = options.Input == OnnxInput.RawRgb
            ? new PreprocessingPart(graph, model.Preprocessing).Emit(graph.Input("image", OnnxType.UInt8, batch, "height", "width", 3))
            : graph.Input("input", OnnxType.Float32, batch, architecture.Channels, architecture.ImageSize.Height, architecture.ImageSize.Width);
        var network = new NetworkPart(new NetworkContext(graph, model, options.Precision), model, images, options.BatchSize);
        if (options.Outputs!.Value.HasFlag(OnnxOutputs.Probabilities))
            graph.Output(network.Probabilities(), "probabilities", OnnxType.Float32, batch, architecture.Classes);
        if (options.Outputs.Value.HasFlag(OnnxOutputs.Logits))
            graph.Output(network.Logits, "logits", OnnxType.Float32, batch, architecture.Classes);
        if (options.Outputs.Value.HasFlag(OnnxOutputs.Embedding))
            graph.Output(network.Embedding(), "embedding", OnnxType.Float32, [batch, .. EmbeddingShape(model)]);
        return graph.Build();
    }

    private static GraphSize[] EmbeddingShape(OnnxModelDescription model)
    {
        var architecture = model.Architecture;
        return model.Embedding == FeatureKind.Pooled && PoolingRecipe.Of(architecture.Pooling).KeepsAll
            ? [architecture.Tokens, architecture.EmbeddingDimension]
            : [architecture.WidthOf(model.Embedding)];
    }

    private static SortedDictionary<string, string> Metadata(OnnxModelDescription model, OnnxExportOptions options)
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [OnnxMetadata.Version] = typeof(OnnxExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            [OnnxMetadata.Architecture] = Encoding.UTF8.GetString(ModelJson.Write(model.Architecture)),
            [OnnxMetadata.Preprocessing] = Encoding.UTF8.GetString(ModelJson.Write(model.Preprocessing)),
            [OnnxMetadata.Input] = options.Input.ToString(),
            [OnnxMetadata.Precision] = options.Precision.ToString(),
            [OnnxMetadata.Temperature] = model.Temperature.ToString(CultureInfo.InvariantCulture),
        };
        if (model.ClassNames is { } names)
            metadata.Add(OnnxMetadata.ClassNames, JsonSerializer.Serialize(names));
        return metadata;
    }
}

/// <summary>A network and what surrounds it.</summary>
/// <param name="Architecture">Its shape.</param>
/// <param name="Preprocessing">How its images are made.</param>
/// <param name="Values">The values of the tensor of that name, row-major; asked for when they are written, and for some twice.</param>
internal sealed record OnnxModelDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    Func<string, ReadOnlyMemory<float>> Values)
{
    /// <summary>Names of the classes; null where there are none.</summary>
    internal IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>What logits are divided by before the softmax. Default 1.</summary>
    internal double Temperature { get; init; } = 1;

    /// <summary>Which embedding the output of that name is. Default what the head sees.</summary>
    internal FeatureKind Embedding { get; init; } = FeatureKind.Pooled;

    /// <summary>Whether embeddings are scaled to length 1.</summary>
    internal bool NormalizesEmbedding { get; init; }
}
