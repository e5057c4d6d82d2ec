// What users type to have explanations as a column.
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML;

/// <summary>Adds attention maps to <see cref="TransformsCatalog"/>.</summary>
public static class VisionTransformerExplanationCatalog
{
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
