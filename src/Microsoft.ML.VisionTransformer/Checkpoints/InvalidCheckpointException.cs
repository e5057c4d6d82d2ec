// The error for a checkpoint file that is broken, hostile, or of a kind that is not read.
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
