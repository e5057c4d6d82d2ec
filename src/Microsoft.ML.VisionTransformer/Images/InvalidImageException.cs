// The error for bytes that are no image, or a broken one.
namespace Microsoft.ML.VisionTransformer;

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
