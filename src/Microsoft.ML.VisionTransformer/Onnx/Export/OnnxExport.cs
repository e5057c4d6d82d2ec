// Exports a network as an ONNX file.
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>Exports a network with its preprocessing and metadata as an ONNX file.</summary>
internal static class OnnxExport
{
    /// <summary>ONNX operator set: the first with LayerNormalization, supported by ONNX Runtime since 1.12.</summary>
    internal const int OperatorSet = 17;

    private const string BatchDimension = "batch";

    /// <summary>Writes the file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="model">The network and its metadata.</param>
    /// <param name="options">The export options.</param>
    /// <param name="defaultOutputs">The outputs if the options do not specify them.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    /// <exception cref="NotSupportedException">The network does not support the options; the message states why.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    internal static void Write(string path, OnnxModelDescription model, OnnxExportOptions options, OnnxOutputs defaultOutputs)
    {
        options.Check();
        options = options with { Outputs = options.Outputs ?? defaultOutputs };
        CheckSupported(model, options);
        if (Directory.Exists(path))
            throw new IOException($"{path} is a folder; pass the path of the file to write, such as model.onnx in it.");
        OnnxFile.Write(path, Build(model, options), Metadata(model, options), options.ExternalData);
    }

    private static void CheckSupported(OnnxModelDescription model, OnnxExportOptions options)
    {
        var architecture = model.Architecture;
        if (options.Input == OnnxInput.RawRgb && model.Preprocessing.Mean.Count is not (1 or 3))
        {
            throw new NotSupportedException(
                $"Input is {OnnxInput.RawRgb}, but {architecture.Name} takes images of {architecture.Channels} channels; "
                + $"raw pixels give three channels, or one gray channel. Use {OnnxInput.NormalizedFloat}.");
        }

        if (architecture.Classes == 0 && options.Outputs != OnnxOutputs.Embedding)
        {
            throw new NotSupportedException(
                $"Outputs is {options.Outputs}, but {architecture.Name} has no head and therefore no logits or probabilities. "
                + $"Use {OnnxOutputs.Embedding}.");
        }
    }

    private static OnnxGraph Build(OnnxModelDescription model, OnnxExportOptions options)
    {
        var graph = new GraphBuilder(OperatorSet);
        var architecture = model.Architecture;
        GraphSize batch = options.BatchSize is { } size ? size : BatchDimension;
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
        bool hasHead = options.Outputs != OnnxOutputs.Embedding || model.Embedding == FeatureKind.HeadOutput;
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [OnnxMetadata.Version] = typeof(OnnxExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            [OnnxMetadata.Architecture] = Encoding.UTF8.GetString(ModelJson.Write(hasHead ? model.Architecture : WithoutHead(model))),
            [OnnxMetadata.Preprocessing] = Encoding.UTF8.GetString(ModelJson.Write(model.Preprocessing)),
            [OnnxMetadata.Input] = options.Input.ToString(),
            [OnnxMetadata.Precision] = options.Precision.ToString(),
            [OnnxMetadata.Temperature] = model.Temperature.ToString(CultureInfo.InvariantCulture),
        };
        if (hasHead && model.ClassNames is { } names)
            metadata.Add(OnnxMetadata.ClassNames, JsonSerializer.Serialize(names));
        return metadata;
    }

    /// <summary>
    /// The architecture of a file whose only output is an embedding. The file has no head, and an embedding other than <see cref="FeatureKind.Pooled"/> uses
    /// neither the representation layer nor attention pooling. Their weights are not in the file, and an architecture with them could not be loaded.
    /// </summary>
    private static VisionTransformerArchitecture WithoutHead(OnnxModelDescription model)
    {
        var architecture = model.Architecture with { Classes = 0 };
        if (model.Embedding == FeatureKind.Pooled)
            return architecture;
        architecture = architecture with { RepresentationDimension = 0 };
        if (!PoolingRecipe.Of(architecture.Pooling).Attends)
            return architecture;
        var pooling = model.Embedding switch
        {
            FeatureKind.ClassToken => TokenPooling.ClassToken,
            FeatureKind.Average => TokenPooling.Average,
            _ => TokenPooling.ClassTokenAndAverage,
        };
        return architecture with { Pooling = pooling, PoolPrefixTokens = false, NormAfterPooling = architecture.NormsPooled };
    }
}

/// <summary>A network to export, with its preprocessing and metadata.</summary>
/// <param name="Architecture">The architecture.</param>
/// <param name="Preprocessing">The preprocessing of its images.</param>
/// <param name="Values">Returns the values of the tensor with the given name, row-major. Called when they are written, for some tensors twice.</param>
internal sealed record OnnxModelDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    Func<string, ReadOnlyMemory<float>> Values)
{
    /// <summary>Names of the classes; null if the classes have no names.</summary>
    internal IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Temperature that divides the logits before the softmax. Default 1.</summary>
    internal double Temperature { get; init; } = 1;

    /// <summary>The kind of the embedding output. Default the input of the head.</summary>
    internal FeatureKind Embedding { get; init; } = FeatureKind.Pooled;

    /// <summary>Whether embeddings are normalized to length 1.</summary>
    internal bool NormalizesEmbedding { get; init; }
}
