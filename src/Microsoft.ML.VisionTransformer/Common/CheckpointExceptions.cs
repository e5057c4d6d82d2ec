// Exceptions for checkpoints that cannot be read and models that cannot be downloaded.
namespace Microsoft.ML.VisionTransformer;

/// <summary>A checkpoint cannot be read. The message states the file, the location in it, what is wrong and what to do.</summary>
public sealed class InvalidCheckpointException : IOException
{
    /// <summary>An error without a message.</summary>
    public InvalidCheckpointException()
    {
    }

    /// <summary>An error with its message.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public InvalidCheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its message and cause.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidCheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A model could not be downloaded. The message states the request, the response, the number of attempts and what to do.</summary>
public sealed class ModelDownloadException : IOException
{
    /// <summary>An error without a message.</summary>
    public ModelDownloadException()
    {
    }

    /// <summary>An error with its message.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public ModelDownloadException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its message and cause.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ModelDownloadException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the hub gave no usable response, in which case an older cached copy may be used.</summary>
    internal bool AnOldCopyMayServe { get; init; }
}
