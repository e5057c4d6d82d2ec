// The estimator that embeds images with a pretrained network.
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Transformers;

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
