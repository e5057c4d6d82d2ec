// Extension methods of ML.NET's catalogs: the trainer, pretrained classifiers, embeddings and explanations.
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring;

namespace Microsoft.ML;

/// <summary>
/// Extension methods that add Vision Transformers to the trainers, the model operations and the transforms of an
/// <see cref="MLContext"/>.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext(seed: 1);
/// const string Id = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";
///
/// // A trainer, which classifies images into your own classes:
/// var trainer = mlContext.MulticlassClassification.Trainers.VisionTransformer(featureColumnName: "ImagePath");
///
/// // A transformer without training, which classifies images into the classes of the checkpoint:
/// using var classifier = mlContext.Model.LoadVisionTransformer(Id, "ImagePath");
///
/// // Features for any other trainer:
/// var features = mlContext.Transforms.VisionTransformerFeatures(
///     "Features", "ImagePath", new VisionTransformerFeatureOptions { PretrainedModel = Id });
///
/// // Maps that show which patches support the predicted class:
/// var maps = mlContext.Transforms.VisionTransformerExplanation("Map", "ImagePath", classifier);
///
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// IDataView scored = maps.Fit(images).Transform(classifier.Transform(images));
/// foreach (DataViewSchema.Column column in scored.Schema)
///     Console.WriteLine($"{column.Name}: {column.Type}");
/// </code>
/// </example>
public static class VisionTransformerCatalog
{
    /// <summary>
    /// Creates a <see cref="VisionTransformerTrainer"/>, which trains an image classifier. The parameters have the
    /// names, the order and the defaults of ML.NET's <c>ImageClassification</c>.
    /// </summary>
    /// <param name="catalog">The trainers of an <see cref="MLContext"/>. Its seed makes training repeatable.</param>
    /// <param name="labelColumnName">Name of the label column, a key.</param>
    /// <param name="featureColumnName">Name of the image column: encoded bytes, <c>MLImage</c>, paths, or pixels.</param>
    /// <param name="scoreColumnName">Name of the output column with the class probabilities.</param>
    /// <param name="predictedLabelColumnName">Name of the output column with the most probable class.</param>
    /// <param name="validationSet">
    /// Validation rows. Default null: a tenth of the training rows is used for validation.
    /// </param>
    /// <returns>The trainer, as an estimator for a pipeline.</returns>
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

    /// <summary>
    /// Creates a <see cref="VisionTransformerTrainer"/> with <see cref="VisionTransformerTrainer.Options"/>.
    /// </summary>
    /// <param name="catalog">The trainers of an <see cref="MLContext"/>. Its seed makes training repeatable.</param>
    /// <param name="options">The options. They are copied, so later changes have no effect.</param>
    /// <returns>The trainer, as an estimator for a pipeline.</returns>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static VisionTransformerTrainer VisionTransformer(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        VisionTransformerTrainer.Options options) =>
        new(MLEnvironment.Of(Guard.NotNull(catalog)), options);

    /// <summary>
    /// Loads a pretrained classifier, with its own head and class names, as a transformer. No training is needed.
    /// </summary>
    /// <param name="catalog">The model operations of an <see cref="MLContext"/>.</param>
    /// <param name="pathOrHubId">
    /// A file, a folder, a short name, or the id of a model on a Hugging Face hub, as in
    /// <see cref="VisionTransformerCheckpoint.Load"/>.
    /// </param>
    /// <param name="imageColumnName">Name of the image column: encoded bytes, <c>MLImage</c>, paths, or pixels.</param>
    /// <param name="options">
    /// Output columns, device, architecture and preprocessing. Default null: the defaults of <see cref="VisionTransformerLoadOptions"/>.
    /// </param>
    /// <returns>The transformer. Dispose it to free its weights.</returns>
    /// <exception cref="ArgumentException">An argument or an option is invalid.</exception>
    /// <exception cref="FileNotFoundException">The checkpoint does not exist.</exception>
    /// <exception cref="InvalidCheckpointException">The checkpoint is corrupt, or does not match the architecture.</exception>
    /// <exception cref="ModelDownloadException">The checkpoint cannot be downloaded.</exception>
    /// <exception cref="NotSupportedException">The checkpoint has no classification head.</exception>
    /// <exception cref="OperationCanceledException">
    /// The token in the options was canceled while the checkpoint was downloaded or read.
    /// </exception>
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

    /// <summary>
    /// Creates a <see cref="VisionTransformerFeatureEstimator"/>, which computes features of images with a pretrained
    /// network.
    /// </summary>
    /// <param name="catalog">The transforms of an <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">Name of the feature column, a vector of Single.</param>
    /// <param name="inputColumnName">
    /// Name of the image column: encoded bytes, <c>MLImage</c>, paths, or pixels. It must differ from
    /// <paramref name="outputColumnName"/>. Default null: the images are in the column
    /// <paramref name="outputColumnName"/>, and the features replace them.
    /// </param>
    /// <param name="options">
    /// The pretrained network and the kind of features. <see cref="VisionTransformerFeatureOptions.PretrainedModel"/>
    /// is required.
    /// </param>
    /// <returns>The estimator. It opens the network when you fit it.</returns>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static VisionTransformerFeatureEstimator VisionTransformerFeatures(
        this TransformsCatalog catalog, string outputColumnName, string? inputColumnName = null, VisionTransformerFeatureOptions? options = null)
    {
        OutputColumns.Check([(nameof(outputColumnName), outputColumnName)], [(nameof(inputColumnName), inputColumnName)]);
        return new(MLEnvironment.Of(Guard.NotNull(catalog)), outputColumnName, inputColumnName ?? outputColumnName, options ?? new());
    }

    /// <summary>
    /// Creates a <see cref="VisionTransformerExplanationEstimator"/>, which adds an explanation of the predicted class
    /// of each image.
    /// </summary>
    /// <param name="catalog">The transforms of an <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">Name of the map column, a matrix of Single with one value per patch.</param>
    /// <param name="inputColumnName">Name of the image column, of any type that the model accepts.</param>
    /// <param name="model">The trained model. You own it: dispose it when the column is no longer read.</param>
    /// <param name="method">The method that computes the maps.</param>
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
