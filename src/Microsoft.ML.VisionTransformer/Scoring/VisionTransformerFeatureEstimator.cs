// The estimator that embeds images with a pretrained network, and its options.
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring;

namespace Microsoft.ML.VisionTransformer;

/// <summary>Embeds images with a pretrained Vision Transformer, as features for any other ML.NET trainer.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use `mlContext.Transforms.VisionTransformerFeatures(...)`.
///
/// ### Input and output columns
/// | Input column type | Produced by | Processing |
/// | -- | -- | -- |
/// | vector of Byte | `LoadRawImageBytes` | decoded, oriented by EXIF, resized, cropped, normalized |
/// | `MLImage` | `LoadImages` | resized, cropped, normalized |
/// | text | a path in the data | read from the file, then processed as a vector of Byte |
/// | vector of Single, of the network's size | `LoadImages`, `ResizeImages`, `ExtractPixels` | used unchanged |
///
/// The output column is a vector of Single of known length.
///
/// ### Estimator characteristics
/// | Characteristic | Value |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Exportable to ONNX | Yes, with `SaveAsOnnx` of the fitted transformer; not through `ConvertToOnnx` |
/// ]]></format>
/// </remarks>
public sealed class VisionTransformerFeatureEstimator : IEstimator<VisionTransformerFeatureTransformer>
{
    private readonly IHost _host;
    private readonly FeatureColumn _column;
    private readonly VisionTransformerFeatureOptions _options;

    internal VisionTransformerFeatureEstimator(
        IHostEnvironment environment, string outputColumnName, string inputColumnName, VisionTransformerFeatureOptions options)
    {
        _host = environment.Register(nameof(VisionTransformerFeatureEstimator));
        _options = Guard.NotNull(options);
        Guard.NotBlank(options.PretrainedModel);
        ComputeDevice.Parse(Guard.NotBlank(options.Device));
        _column = new FeatureColumn(Guard.NotBlank(inputColumnName), Guard.NotBlank(outputColumnName), Guard.Defined(options.Kind), options.Normalize)
        {
            OnInvalidImage = InvalidImageRules.ForPrediction(options.OnInvalidImage, nameof(options.OnInvalidImage)),
        };
        options.Preprocessing?.Check();
    }

    /// <summary>Opens the pretrained model. Dispose the result, or the chain that contains it, to free the weights.</summary>
    /// <param name="input">The rows; only the schema is read.</param>
    /// <returns>The transformer; dispose it to free the weights.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ArgumentException">The network does not produce the requested embedding.</exception>
    /// <exception cref="FileNotFoundException">There is no such pretrained model.</exception>
    /// <exception cref="InvalidCheckpointException">The pretrained model is corrupt.</exception>
    /// <exception cref="ModelDownloadException">The pretrained model cannot be downloaded.</exception>
    public VisionTransformerFeatureTransformer Fit(IDataView input)
    {
        Guard.NotNull(input);
        var device = ComputeDevice.Of(_options.Device, _host);
        using var checkpoint = PretrainedModels.Open(_host, _options.PretrainedModel, _options.Architecture, _options.CancellationToken);
        ImageColumn.Of(input.Schema, _column.Image, _options.Preprocessing ?? checkpoint.Preprocessing);
        return PretrainedModels.Featurizer(checkpoint, _options.Preprocessing, _column, device, _options.CancellationToken);
    }

    /// <summary>The input columns and the embedding column.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the output.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => OutputColumns.Add(inputSchema, _column.Output, _column.Image);
}

/// <summary>Settings of <c>mlContext.Transforms.VisionTransformerFeatures</c>.</summary>
public sealed record VisionTransformerFeatureOptions
{
    /// <summary>
    /// The pretrained network: a file, a folder, a short name such as "dinov2-small" (<see cref="VisionTransformerCheckpoint.ShortNames"/>), or the id of a
    /// model on the Hugging Face Hub, as accepted by <see cref="VisionTransformerCheckpoint.Load"/>. Required.
    /// </summary>
    public string PretrainedModel { get; init; } = "";

    /// <summary>
    /// The network architecture, for a checkpoint that does not specify one or for another image size. Default null: the checkpoint's.
    /// </summary>
    public VisionTransformerArchitecture? Architecture { get; init; }

    /// <summary>Which embedding to output. Default <see cref="FeatureKind.Pooled"/>, the input of the network's own head.</summary>
    public FeatureKind Kind { get; init; } = FeatureKind.Pooled;

    /// <summary>Whether each embedding is divided by its Euclidean length. Default false.</summary>
    public bool Normalize { get; init; }

    /// <summary>How images are converted to the network's input. Default null: the checkpoint's preprocessing.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// How rows whose image cannot be read are handled: <see cref="InvalidImageHandling.Throw"/>, the default, or
    /// <see cref="InvalidImageHandling.Missing"/>.
    /// </summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>The compute device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Cancels the download and the reading of the weights. Default none.</summary>
    public CancellationToken CancellationToken { get; init; }
}
