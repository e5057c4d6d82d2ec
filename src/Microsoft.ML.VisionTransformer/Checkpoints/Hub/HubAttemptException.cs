// One attempt at a request failed in a way that another may not.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Never leaves the hub client: <see cref="HubRetry"/> turns the last of them into a <see cref="ModelDownloadException"/>.</summary>
internal sealed class HubAttemptException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The wait that the server asks for; null where it does not.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Another attempt would end the same way, as with a certificate that is not trusted.</summary>
    internal bool IsFinal { get; init; }
}
