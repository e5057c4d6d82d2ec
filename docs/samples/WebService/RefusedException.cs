// The error for a photo that is not classified, with the status and the reason that its sender is told.
namespace WebService;

/// <param name="status">The HTTP status.</param>
/// <param name="reason">What is wrong and what to do.</param>
/// <param name="cause">What was caught.</param>
internal sealed class RefusedException(int status, string reason, Exception? cause = null) : Exception(reason, cause)
{
    internal int Status => status;
}
