// An image that cannot be read: the error, and what becomes of its row.
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
