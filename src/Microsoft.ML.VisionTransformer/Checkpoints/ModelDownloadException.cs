// The error for a model that could not be fetched from a hub.
namespace Microsoft.ML.VisionTransformer;

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
