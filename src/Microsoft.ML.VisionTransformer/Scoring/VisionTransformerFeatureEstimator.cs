// The estimator that embeds images with a pretrained network, and its options.
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring;

namespace Microsoft.ML.VisionTransformer;

/// <summary>Computes features of images with a pretrained Vision Transformer, for any other ML.NET trainer.</summary>
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
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext(seed: 1);
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.2, seed: 1);
/// VisionTransformerFeatureEstimator features = mlContext.Transforms.VisionTransformerFeatures(
///     "Features", "ImagePath", new VisionTransformerFeatureOptions
///     {
///         PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
///         Kind = FeatureKind.ClassTokenAndAverage,
///         Normalize = true,
///     });
/// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
///     .Append(features)
///     .AppendCacheCheckpoint(mlContext)    // the network runs only once per image
///     .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy());
/// using var model = pipeline.Fit(split.TrainSet);
/// var metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(split.TestSet));
/// Console.WriteLine($"accuracy {metrics.MicroAccuracy:P1}");
/// </code>
/// </example>
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

    /// <summary>Opens the pretrained network.</summary>
    /// <param name="input">The rows. Only the schema is read.</param>
    /// <returns>The transformer. Dispose it, or the chain that contains it, to free its weights.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ArgumentException">The network does not produce the requested features.</exception>
    /// <exception cref="FileNotFoundException">The pretrained model does not exist.</exception>
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

    /// <summary>Returns the columns of the input and the feature column.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the output.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => OutputColumns.Add(inputSchema, _column.Output, _column.Image);
}

/// <summary>Options of <c>mlContext.Transforms.VisionTransformerFeatures</c>.</summary>
/// <seealso cref="VisionTransformerFeatureEstimator"/>
public sealed record VisionTransformerFeatureOptions
{
    /// <summary>
    /// The pretrained network. It can be a file, a folder, a short name such as "dinov2-small"
    /// (<see cref="VisionTransformerCheckpoint.ShortNames"/>), or the id of a model on a Hugging Face hub, as in
    /// <see cref="VisionTransformerCheckpoint.Load"/>. Required.
    /// </summary>
    public string PretrainedModel { get; init; } = "";

    /// <summary>
    /// The architecture of the network. Set it for a checkpoint that does not specify one, or for another image size.
    /// Default null: the architecture of the checkpoint.
    /// </summary>
    public VisionTransformerArchitecture? Architecture { get; init; }

    /// <summary>
    /// Which features to compute. Default <see cref="FeatureKind.Pooled"/>, the input of the network's own head.
    /// </summary>
    public FeatureKind Kind { get; init; } = FeatureKind.Pooled;

    /// <summary>Whether each feature vector is divided by its Euclidean length. Default false.</summary>
    public bool Normalize { get; init; }

    /// <summary>
    /// How images become the input of the network. Default null: the preprocessing of the checkpoint.
    /// </summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>
    /// What to do if the image of a row cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
    /// <see cref="InvalidImageHandling.Missing"/>.
    /// </summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>The device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1" or "mps". Default "auto".</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Cancels the download and the reading of the weights. Default: a token that is never canceled.</summary>
    public CancellationToken CancellationToken { get; init; }
}
