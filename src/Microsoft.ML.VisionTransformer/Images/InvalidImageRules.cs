// Which handling of invalid images makes sense where.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

internal static class InvalidImageRules
{
    /// <exception cref="ArgumentException">The value is not for training.</exception>
    internal static InvalidImageHandling ForTraining(InvalidImageHandling handling, string name)
    {
        Guard.That(
            Guard.Defined(handling, name) != InvalidImageHandling.Missing,
            name,
            $"{name} is Missing, which is for prediction: a row without an image teaches nothing. Use Throw or Skip here, and OnInvalidImageInPrediction for the model.");
        return handling;
    }

    /// <exception cref="ArgumentException">The value is not for prediction.</exception>
    internal static InvalidImageHandling ForPrediction(InvalidImageHandling handling, string name)
    {
        Guard.That(
            Guard.Defined(handling, name) != InvalidImageHandling.Skip,
            name,
            $"{name} is Skip, which is for training: prediction gives each row an answer. Use Throw or Missing here.");
        return handling;
    }
}
