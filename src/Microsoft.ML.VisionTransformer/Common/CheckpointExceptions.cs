// Exceptions for checkpoints that cannot be read and models that cannot be downloaded.
namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// A checkpoint cannot be read. The message names the file and the location in it, and says what is wrong and what to
/// do.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// File.WriteAllText("model.safetensors", "not a checkpoint");
/// try
/// {
///     using var checkpoint = VisionTransformerCheckpoint.Load("model.safetensors");
/// }
/// catch (InvalidCheckpointException error)
/// {
///     Console.WriteLine(error.Message);
/// }
/// </code>
/// </example>
public sealed class InvalidCheckpointException : IOException
{
    /// <summary>Creates an exception without a message.</summary>
    public InvalidCheckpointException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public InvalidCheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and a cause.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidCheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// A model could not be downloaded. The message has the request, the response and the number of attempts, and says what
/// to do.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// try
/// {
///     using var checkpoint = VisionTransformerCheckpoint.Load(
///         "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", log: Console.WriteLine);
///     Console.WriteLine($"{checkpoint.Architecture.Name} in {checkpoint.Path}");
/// }
/// catch (ModelDownloadException error)
/// {
///     Console.WriteLine(error.Message);    // for example, this computer is offline and has no cached copy
/// }
/// </code>
/// </example>
public sealed class ModelDownloadException : IOException
{
    /// <summary>Creates an exception without a message.</summary>
    public ModelDownloadException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public ModelDownloadException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and a cause.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ModelDownloadException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the hub gave no usable response, in which case an older cached copy may be used.</summary>
    internal bool AnOldCopyMayServe { get; init; }
}
