// Extension methods of ML.NET's catalogs: the trainer, pretrained classifiers, embeddings and explanations.
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring;

namespace Microsoft.ML;

/// <summary>
/// Extends <see cref="MulticlassClassificationCatalog.MulticlassClassificationTrainers"/>, <see cref="ModelOperationsCatalog"/> and
/// <see cref="TransformsCatalog"/> with Vision Transformers.
/// </summary>
public static class VisionTransformerCatalog
{
    /// <summary>
    /// Creates a <see cref="VisionTransformerTrainer"/>, which trains an image classifier. The parameters, their order and their defaults are
    /// those of <c>ImageClassification</c>.
    /// </summary>
    /// <param name="catalog">The trainers of an <see cref="MLContext"/>; its seed makes training repeatable.</param>
    /// <param name="labelColumnName">Name of the label column, a key.</param>
    /// <param name="featureColumnName">Name of the image column: encoded bytes, <c>MLImage</c>, paths, or pixels.</param>
    /// <param name="scoreColumnName">Name of the output column with the class probabilities.</param>
    /// <param name="predictedLabelColumnName">Name of the output column with the most probable class.</param>
    /// <param name="validationSet">Validation rows. Default null: a tenth of the training rows is split off.</param>
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

    /// <summary>Creates a <see cref="VisionTransformerTrainer"/> with advanced options.</summary>
    /// <param name="catalog">The trainers of an <see cref="MLContext"/>; its seed makes training repeatable.</param>
    /// <param name="options">The options; they are copied.</param>
    /// <returns>The trainer, an estimator for a pipeline.</returns>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static VisionTransformerTrainer VisionTransformer(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        VisionTransformerTrainer.Options options) =>
        new(MLEnvironment.Of(Guard.NotNull(catalog)), options);

    /// <summary>Loads a public checkpoint, with its own head and class names, as a transformer without training.</summary>
    /// <param name="catalog">The model operations of an <see cref="MLContext"/>.</param>
    /// <param name="pathOrHubId">
    /// A file, a folder, or the id of a model on the Hugging Face Hub, as accepted by <see cref="VisionTransformerCheckpoint.Load"/>.
    /// </param>
    /// <param name="imageColumnName">Name of the image column: encoded bytes, <c>MLImage</c>, paths, or pixels.</param>
    /// <param name="options">
    /// Output columns, device, architecture and preprocessing. Default null: the defaults of <see cref="VisionTransformerLoadOptions"/>.
    /// </param>
    /// <returns>The transformer; dispose it to free its weights.</returns>
    /// <exception cref="ArgumentException">An argument or an option is invalid.</exception>
    /// <exception cref="FileNotFoundException">There is no such checkpoint.</exception>
    /// <exception cref="InvalidCheckpointException">The checkpoint is corrupt, or does not match the architecture.</exception>
    /// <exception cref="ModelDownloadException">The checkpoint cannot be downloaded.</exception>
    /// <exception cref="NotSupportedException">The checkpoint has no classification head.</exception>
    /// <exception cref="OperationCanceledException">The options' token was canceled while the checkpoint was downloaded or read.</exception>
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
        var device = ComputeDevice.Of(Guard.NotBlank(options.Device), environment);
        using var checkpoint = PretrainedModels.Open(environment, pathOrHubId, options.Architecture, options.CancellationToken);
        return PretrainedModels.Classifier(checkpoint, options.Preprocessing, columns, device, options.CancellationToken);
    }

    /// <summary>Creates a <see cref="VisionTransformerFeatureEstimator"/>, which embeds images with a pretrained network.</summary>
    /// <param name="catalog">The transforms of an <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">Name of the embedding column, a vector of Single.</param>
    /// <param name="inputColumnName">
    /// Name of the image column: encoded bytes, <c>MLImage</c>, paths, or pixels. It must differ from <paramref name="outputColumnName"/>. Default null: the
    /// images are read from <paramref name="outputColumnName"/>, and the embedding replaces them.
    /// </param>
    /// <param name="options">
    /// The pretrained network and the kind of embedding; <see cref="VisionTransformerFeatureOptions.PretrainedModel"/> is required.
    /// </param>
    /// <returns>The estimator; the network is opened when it is fitted.</returns>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static VisionTransformerFeatureEstimator VisionTransformerFeatures(
        this TransformsCatalog catalog, string outputColumnName, string? inputColumnName = null, VisionTransformerFeatureOptions? options = null)
    {
        OutputColumns.Check([(nameof(outputColumnName), outputColumnName)], [(nameof(inputColumnName), inputColumnName)]);
        return new(MLEnvironment.Of(Guard.NotNull(catalog)), outputColumnName, inputColumnName ?? outputColumnName, options ?? new());
    }

    /// <summary>Creates a <see cref="VisionTransformerExplanationEstimator"/>, which adds the attention map of each image's predicted class.</summary>
    /// <param name="catalog">The transforms of an <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">Name of the map column: a matrix of Single, one value per patch.</param>
    /// <param name="inputColumnName">Name of the image column, of any type that the model accepts.</param>
    /// <param name="model">The trained model. The caller keeps ownership and disposes it when the column is no longer read.</param>
    /// <param name="method">How the maps are computed.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">An argument is invalid.</exception>
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
