// The error for arguments that are not right.
namespace OnnxInBrowser;

internal sealed class UsageException(string message) : Exception(message);
