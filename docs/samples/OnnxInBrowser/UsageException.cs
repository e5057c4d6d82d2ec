// The error for invalid arguments.
namespace OnnxInBrowser;

internal sealed class UsageException(string message) : Exception(message);
