// What users type to use pretrained networks without training them.
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Transformers;

namespace Microsoft.ML;

/// <summary>Adds pretrained Vision Transformers to <see cref="ModelOperationsCatalog"/> and <see cref="TransformsCatalog"/>.</summary>
public static class VisionTransformerPretrainedCatalog
{
    /// <summary>A public checkpoint with its own head and class names as a transformer, with no training.</summary>
    /// <param name="catalog">The model operations of an <see cref="MLContext"/>.</param>
    /// <param name="pathOrHubId">A file, a folder, or the id of a model on a Hugging Face hub, as <see cref="VisionTransformerCheckpoint.Load"/> takes it.</param>
    /// <param name="imageColumnName">The images: encoded bytes, <c>MLImage</c>, paths, or pixels.</param>
    /// <param name="scoreColumnName">The output column of probabilities.</param>
    /// <param name="predictedLabelColumnName">The output column of the most probable class: a key with the class names as values.</param>
    /// <param name="architecture">The network's shape where the checkpoint does not say it, or another image size. Default null: as the checkpoint says.</param>
    /// <param name="device">Where to compute: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps".</param>
    /// <param name="preprocessing">How images become the network's input. Default null: as the checkpoint says.</param>
    /// <param name="onInvalidImage">What the output columns show of a row whose image cannot be read: <see cref="InvalidImageHandling.Throw"/> or <see cref="InvalidImageHandling.Missing"/>.</param>
    /// <returns>The transformer; dispose it to free its weights.</returns>
    /// <exception cref="ArgumentException">An argument has a value that is not allowed.</exception>
    /// <exception cref="FileNotFoundException">There is no such checkpoint.</exception>
    /// <exception cref="InvalidCheckpointException">The checkpoint is broken, or does not fit the architecture.</exception>
    /// <exception cref="ModelDownloadException">The checkpoint cannot be downloaded.</exception>
    /// <exception cref="NotSupportedException">The checkpoint has no head that tells classes apart.</exception>
    public static VisionTransformerPredictionTransformer LoadVisionTransformer(
        this ModelOperationsCatalog catalog,
        string pathOrHubId,
        string imageColumnName = "Image",
        string scoreColumnName = ColumnNames.DefaultScore,
        string predictedLabelColumnName = ColumnNames.DefaultPredictedLabel,
        VisionTransformerArchitecture? architecture = null,
        string device = "auto",
        ImagePreprocessing? preprocessing = null,
        InvalidImageHandling onInvalidImage = InvalidImageHandling.Throw)
    {
        var environment = MLEnvironment.Of(Guard.NotNull(catalog));
        OutputColumns.Check(
            [(nameof(predictedLabelColumnName), predictedLabelColumnName), (nameof(scoreColumnName), scoreColumnName)], [(nameof(imageColumnName), Guard.NotBlank(imageColumnName))]);
        var columns = new ColumnNames(imageColumnName, scoreColumnName, predictedLabelColumnName)
        {
            OnInvalidImage = InvalidImageRules.ForPrediction(onInvalidImage, nameof(onInvalidImage)),
        };
        var place = TorchRuntime.Device(Guard.NotBlank(device), environment);
        using var state = TorchState.EnterOrdinary();
        using var checkpoint = PretrainedModels.Open(environment, pathOrHubId, architecture, default);
        return PretrainedModels.Classifier(checkpoint, preprocessing, columns, place);
    }

    /// <summary>Creates a <see cref="VisionTransformerFeatureEstimator"/>, which embeds images with a pretrained network.</summary>
    /// <param name="catalog">The transforms of an <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column of embeddings, a vector of Single.</param>
    /// <param name="inputColumnName">
    /// The images: encoded bytes, <c>MLImage</c>, paths, or pixels; another column than <paramref name="outputColumnName"/>. Default null: the embedding takes the place of the images in
    /// <paramref name="outputColumnName"/>.
    /// </param>
    /// <param name="options">The pretrained network and which embedding it gives; <see cref="VisionTransformerFeatureOptions.PretrainedModel"/> must be set.</param>
    /// <returns>The estimator; the network is opened when it is fitted.</returns>
    /// <exception cref="ArgumentException">An option has a value that is not allowed.</exception>
    public static VisionTransformerFeatureEstimator VisionTransformerFeatures(
        this TransformsCatalog catalog, string outputColumnName, string? inputColumnName = null, VisionTransformerFeatureOptions? options = null)
    {
        OutputColumns.Check([(nameof(outputColumnName), outputColumnName)], [(nameof(inputColumnName), inputColumnName)]);
        return new(MLEnvironment.Of(Guard.NotNull(catalog)), outputColumnName, inputColumnName ?? outputColumnName, options ?? new());
    }
}
