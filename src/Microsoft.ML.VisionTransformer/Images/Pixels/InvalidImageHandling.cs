// What becomes of an image that cannot be read.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// What becomes of a row whose image cannot be read: broken, cut off, of an unknown format, too large, or not there. Whatever it is, the rows beside it
/// are not touched.
/// </summary>
public enum InvalidImageHandling
{
    /// <summary>An <see cref="InvalidImageException"/> that names the row, the file where it is known, and the reason.</summary>
    Throw,

    /// <summary>In training alone: the row is left out, counted, and listed with its reason in <see cref="TrainingHistory"/>.</summary>
    Skip,

    /// <summary>In prediction alone: NaN for every score or number of the embedding, and a missing predicted label (key 0).</summary>
    Missing,
}

/// <summary>An image could not be read. The message says which one (file, row or column), what is wrong with it and what to do.</summary>
public sealed class InvalidImageException : IOException
{
    /// <summary>An error without a message.</summary>
    public InvalidImageException()
    {
    }

    /// <summary>An error with its message.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public InvalidImageException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its message and cause.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">What led to it.</param>
    public InvalidImageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

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
