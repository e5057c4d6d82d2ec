// The errors of checkpoints: a file that is broken, hostile or of an unknown kind, and a model that cannot be downloaded.
namespace Microsoft.ML.VisionTransformer;

/// <summary>A checkpoint cannot be read. The message says which file, where in it, what is wrong and what to do.</summary>
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
    /// <param name="innerException">What led to it.</param>
    public InvalidCheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A model could not be downloaded. The message says what was asked for, what came back, how often it was tried and what to do.</summary>
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
    /// <param name="innerException">What led to it.</param>
    public ModelDownloadException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The hub gave no answer that can be used, so that a copy from an earlier day is better than none.</summary>
    internal bool AnOldCopyMayServe { get; init; }
}
