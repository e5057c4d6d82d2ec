// The estimator that embeds images with a pretrained network.
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring;

namespace Microsoft.ML.VisionTransformer;

/// <summary>Embeds images with a pretrained Vision Transformer, for any other trainer of ML.NET.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use `mlContext.Transforms.VisionTransformerFeatures(...)`.
///
/// ### Input and output columns
/// | Input column type | Made by | What happens to it |
/// | -- | -- | -- |
/// | vector of Byte | `LoadRawImageBytes` | decoded, oriented by EXIF, resized, cropped, normalised |
/// | `MLImage` | `LoadImages` | resized, cropped, normalised |
/// | text | a path in the data | read, then as the first |
/// | vector of Single, of the network's size | `LoadImages`, `ResizeImages`, `ExtractPixels` | taken as it is |
///
/// The output column is a vector of Single of known length.
///
/// ### Estimator characteristics
/// | Characteristic | Value |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Exportable to ONNX | Yes, by `SaveAsOnnx` of the fitted transformer; not as a part of `ConvertToOnnx` |
/// ]]></format>
/// </remarks>
public sealed class VisionTransformerFeatureEstimator : IEstimator<VisionTransformerFeatureTransformer>
{
    private readonly IHost _host;
    private readonly FeatureColumn _column;
    private readonly VisionTransformerFeatureOptions _options;

    internal VisionTransformerFeatureEstimator(IHostEnvironment environment, string outputColumnName, string inputColumnName, VisionTransformerFeatureOptions options)
    {
        _host = environment.Register(nameof(VisionTransformerFeatureEstimator));
        _options = Guard.NotNull(options);
        Guard.NotBlank(options.PretrainedModel);
        TorchRuntime.Parse(Guard.NotBlank(options.Device));
        _column = new FeatureColumn(Guard.NotBlank(inputColumnName), Guard.NotBlank(outputColumnName), Guard.Defined(options.Kind), options.Normalize)
        {
            OnInvalidImage = InvalidImageRules.ForPrediction(options.OnInvalidImage, nameof(options.OnInvalidImage)),
        };
        options.Preprocessing?.Check();
    }

    /// <summary>Opens the pretrained model; dispose the result, or the chain that holds it, to free its weights.</summary>
    /// <param name="input">The rows; only their columns are looked at.</param>
    /// <returns>The transformer; dispose it to free its weights.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ArgumentException">The network does not give the embedding that was asked for.</exception>
    /// <exception cref="FileNotFoundException">There is no such pretrained model.</exception>
    /// <exception cref="InvalidCheckpointException">The pretrained model is broken.</exception>
    /// <exception cref="ModelDownloadException">The pretrained model cannot be downloaded.</exception>
    public VisionTransformerFeatureTransformer Fit(IDataView input)
    {
        Guard.NotNull(input);
        var device = TorchRuntime.Device(_options.Device, _host);
        using var state = TorchState.EnterOrdinary();
        using var checkpoint = PretrainedModels.Open(_host, _options.PretrainedModel, _options.Architecture, _options.CancellationToken);
        ImageColumn.Of(input.Schema, _column.Image, _options.Preprocessing ?? checkpoint.Preprocessing);
        return PretrainedModels.Featurizer(checkpoint, _options.Preprocessing, _column, device, _options.CancellationToken);
    }

    /// <summary>The input's columns with the embedding.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>Those, and the embedding.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => OutputColumns.Add(inputSchema, _column.Output, _column.Image);
}

/// <summary>Settings of <c>mlContext.Transforms.VisionTransformerFeatures</c>.</summary>
public sealed record VisionTransformerFeatureOptions
{
    /// <summary>
    /// The network: a file, a folder, or the id of a model on a Hugging Face hub, as <see cref="VisionTransformerCheckpoint.Load"/> takes it. Must be set.
    /// </summary>
    public string PretrainedModel { get; init; } = "";

    /// <summary>The network's shape where the checkpoint does not say it, or another image size. Default null: as the checkpoint says.</summary>
    public VisionTransformerArchitecture? Architecture { get; init; }

    /// <summary>Which embedding. Default what the network's own head sees.</summary>
    public FeatureKind Kind { get; init; } = FeatureKind.Pooled;

    /// <summary>Whether each embedding is divided by its Euclidean length. Default false.</summary>
    public bool Normalize { get; init; }

    /// <summary>How images become the network's input. Default null: as the checkpoint says.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// What the embedding of a row is whose image cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
    /// <see cref="InvalidImageHandling.Missing"/>.
    /// </summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>Where to compute: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Ends a download, and the reading of the weights. Default none.</summary>
    public CancellationToken CancellationToken { get; init; }
}
