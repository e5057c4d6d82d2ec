// What users type: the trainer on ML.NET's catalog.
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Transformers;

namespace Microsoft.ML;

/// <summary>Adds Vision Transformers to <see cref="MulticlassClassificationCatalog.MulticlassClassificationTrainers"/>.</summary>
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
}
