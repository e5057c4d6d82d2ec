// What users type: the trainer, pretrained networks, embeddings and explanations on ML.NET's catalogs.
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring;

namespace Microsoft.ML;

/// <summary>
/// Adds Vision Transformers to <see cref="MulticlassClassificationCatalog.MulticlassClassificationTrainers"/>, <see cref="ModelOperationsCatalog"/> and <see cref="TransformsCatalog"/>.
/// </summary>
public static class VisionTransformerCatalog
{
    /// <summary>
    /// Creates a <see cref="VisionTransformerTrainer"/>, which classifies images. Parameters, their order and defaults are those of
    /// <c>ImageClassification</c>.
    /// </summary>
    /// <param name="catalog">The trainers of an <see cref="MLContext"/>; its seed makes training repeatable.</param>
    /// <param name="labelColumnName">The label, a key column.</param>
    /// <param name="featureColumnName">The images: encoded bytes, <c>MLImage</c>, paths, or pixels.</param>
    /// <param name="scoreColumnName">The output column of probabilities.</param>
    /// <param name="predictedLabelColumnName">The output column of the most probable class.</param>
    /// <param name="validationSet">Rows to validate on; null cuts off a tenth of the training rows.</param>
    /// <returns>The trainer, an estimator for a pipeline.</returns>
    public static VisionTransformerTrainer VisionTransformer(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = ColumnNames.DefaultLabel,
        string featureColumnName = ColumnNames.DefaultFeatures,
        string scoreColumnName = ColumnNames.DefaultScore,
        string predictedLabelColumnName = ColumnNames.DefaultPredictedLabel,
        IDataView? validationSet = null) =>
        catalog.VisionTransformer(new VisionTransformerTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            ScoreColumnName = scoreColumnName,
            PredictedLabelColumnName = predictedLabelColumnName,
            ValidationSet = validationSet,
        });

    /// <summary>Creates a <see cref="VisionTransformerTrainer"/> with all its options.</summary>
    /// <param name="catalog">The trainers of an <see cref="MLContext"/>; its seed makes training repeatable.</param>
    /// <param name="options">The options; they are copied.</param>
    /// <returns>The trainer, an estimator for a pipeline.</returns>
    /// <exception cref="ArgumentException">An option has a value that is not allowed.</exception>
    public static VisionTransformerTrainer VisionTransformer(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        VisionTransformerTrainer.Options options) =>
        new(MLEnvironment.Of(Guard.NotNull(catalog)), options);

    /// <summary>A public checkpoint with its own head and class names as a transformer, with no training.</summary>
    /// <param name="catalog">The model operations of an <see cref="MLContext"/>.</param>
    /// <param name="pathOrHubId">A file, a folder, or the id of a model on a Hugging Face hub, as <see cref="VisionTransformerCheckpoint.Load"/> takes it.</param>
    /// <param name="imageColumnName">The images: encoded bytes, <c>MLImage</c>, paths, or pixels.</param>
    /// <param name="options">Output columns, device, architecture and preprocessing. Default null: the defaults of <see cref="VisionTransformerLoadOptions"/>.</param>
    /// <returns>The transformer; dispose it to free its weights.</returns>
    /// <exception cref="ArgumentException">An argument or an option has a value that is not allowed.</exception>
    /// <exception cref="FileNotFoundException">There is no such checkpoint.</exception>
    /// <exception cref="InvalidCheckpointException">The checkpoint is broken, or does not fit the architecture.</exception>
    /// <exception cref="ModelDownloadException">The checkpoint cannot be downloaded.</exception>
    /// <exception cref="NotSupportedException">The checkpoint has no head that tells classes apart.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled while the checkpoint was downloaded or read.</exception>
    public static VisionTransformerPredictionTransformer LoadVisionTransformer(
        this ModelOperationsCatalog catalog, string pathOrHubId, string imageColumnName = "Image", VisionTransformerLoadOptions? options = null)
    {
        var environment = MLEnvironment.Of(Guard.NotNull(catalog));
        options ??= new();
        OutputColumns.Check(
            [(nameof(options.PredictedLabelColumnName), options.PredictedLabelColumnName), (nameof(options.ScoreColumnName), options.ScoreColumnName)],
            [(nameof(imageColumnName), Guard.NotBlank(imageColumnName))]);
        var columns = new ColumnNames(imageColumnName, options.ScoreColumnName, options.PredictedLabelColumnName)
        {
            OnInvalidImage = InvalidImageRules.ForPrediction(options.OnInvalidImage, nameof(options.OnInvalidImage)),
        };
        var position = TorchRuntime.Device(Guard.NotBlank(options.Device), environment);
        using var state = TorchState.EnterOrdinary();
        using var checkpoint = PretrainedModels.Open(environment, pathOrHubId, options.Architecture, options.CancellationToken);
        return PretrainedModels.Classifier(checkpoint, options.Preprocessing, columns, position, options.CancellationToken);
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

    /// <summary>Creates a <see cref="VisionTransformerExplanationEstimator"/>, which adds the attention map of each image's predicted class.</summary>
    /// <param name="catalog">The transforms of an <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column of maps: a matrix of Single, one number a patch.</param>
    /// <param name="inputColumnName">The images, in any form that the model takes.</param>
    /// <param name="model">The trained model; it stays the caller's, who disposes it when the column is no longer read.</param>
    /// <param name="method">How the maps are made.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">An argument has a value that is not allowed.</exception>
    public static VisionTransformerExplanationEstimator VisionTransformerExplanation(
        this TransformsCatalog catalog,
        string outputColumnName,
        string inputColumnName,
        VisionTransformerPredictionTransformer model,
        ExplanationMethod method = ExplanationMethod.GradientAttention)
    {
        Guard.NotNull(catalog);
        return new(new(model, outputColumnName, inputColumnName, method));
    }
}
