// How training and prediction handle an image that cannot be read, and the exception for it.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// How a row is handled whose image cannot be read: broken, truncated, of an unknown format, too large, or missing. Other rows are not
/// affected.
/// </summary>
public enum InvalidImageHandling
{
    /// <summary>Throws an <see cref="InvalidImageException"/> that names the row, the file if it is known, and the reason.</summary>
    Throw,

    /// <summary>Training only: the row is skipped, counted, and listed with its reason in <see cref="TrainingHistory"/>.</summary>
    Skip,

    /// <summary>Prediction only: NaN for every score or value of the embedding, and a missing predicted label (key 0).</summary>
    Missing,
}

/// <summary>An image could not be read. The message states which one (file, row or column), what is wrong with it and what to do.</summary>
public sealed class InvalidImageException : IOException
{
    /// <summary>Creates an exception without a message.</summary>
    public InvalidImageException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public InvalidImageException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and a cause.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidImageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Checks which handling is allowed in training and in prediction.</summary>
internal static class InvalidImageRules
{
    /// <exception cref="ArgumentException">The value is not allowed in training.</exception>
    internal static InvalidImageHandling ForTraining(InvalidImageHandling handling, string name)
    {
        Guard.That(
            Guard.Defined(handling, name) != InvalidImageHandling.Missing,
            name,
            $"{name} is Missing, which is for prediction only: training cannot use a row without an image. "
            + "Use Throw or Skip here, and OnInvalidImageInPrediction for the model.");
        return handling;
    }

    /// <exception cref="ArgumentException">The value is not allowed in prediction.</exception>
    internal static InvalidImageHandling ForPrediction(InvalidImageHandling handling, string name)
    {
        Guard.That(
            Guard.Defined(handling, name) != InvalidImageHandling.Skip,
            name,
            $"{name} is Skip, which is for training only: prediction returns a result for every row. Use Throw or Missing here.");
        return handling;
    }
}
