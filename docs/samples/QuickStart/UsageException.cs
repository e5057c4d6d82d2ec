// The error for invalid arguments.
namespace QuickStart;

internal sealed class UsageException(string message) : Exception(message);
