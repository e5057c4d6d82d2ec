// The errors of a request: an image that is rejected, and a service that is busy. Their messages are meant for the sender.
namespace Microsoft.ML.VisionTransformer.Hosting;

/// <summary>
/// The error for an image that is empty, too large, or cannot be read. The message says what is wrong with the photo
/// and what to do, so you can show it to the person who sent it.
/// </summary>
/// <remarks>See the example of <see cref="VisionTransformerClassifier"/>.</remarks>
public sealed class ImageRejectedException : Exception
{
    /// <summary>Creates an error with no message.</summary>
    public ImageRejectedException()
    {
    }

    /// <summary>Creates an error for an image that cannot be read.</summary>
    /// <param name="message">What is wrong with the image.</param>
    public ImageRejectedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error for an image that cannot be read.</summary>
    /// <param name="message">What is wrong with the image.</param>
    /// <param name="innerException">The cause.</param>
    public ImageRejectedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal ImageRejectedException(ImageRejection reason, string message, Exception? cause = null)
        : base(message, cause) => Reason = reason;

    /// <summary>Why the image was rejected. Default <see cref="ImageRejection.Unreadable"/>.</summary>
    public ImageRejection Reason { get; }
}

/// <summary>Why an image was rejected. See the example of <see cref="VisionTransformerClassifier"/>.</summary>
public enum ImageRejection
{
    /// <summary>It is not an image, or it is damaged or incomplete. In HTTP: 422.</summary>
    Unreadable,

    /// <summary>It has no bytes. In HTTP: 400.</summary>
    Empty,

    /// <summary>It has more bytes than <see cref="VisionTransformerModelOptions.MaxImageBytes"/>. In HTTP: 413.</summary>
    TooManyBytes,

    /// <summary>
    /// Its header declares more pixels than <see cref="VisionTransformerModelOptions.MaxPixels"/>. In HTTP: 422.
    /// </summary>
    TooManyPixels,
}

/// <summary>
/// The error for a request that is not accepted because too many are waiting, or because their images take too much
/// memory. The same request can succeed later. In HTTP: 503 with <c>Retry-After</c>.
/// </summary>
/// <remarks>See the example of <see cref="VisionTransformerClassifier"/>.</remarks>
public sealed class ServingBusyException : Exception
{
    /// <summary>Creates an error with no message.</summary>
    public ServingBusyException()
    {
    }

    /// <summary>Creates an error with a message.</summary>
    /// <param name="message">What there is too much of.</param>
    public ServingBusyException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error with a message and a cause.</summary>
    /// <param name="message">What there is too much of.</param>
    /// <param name="innerException">The cause.</param>
    public ServingBusyException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
