// The error for arguments that are not right.
namespace QuickStart;

internal sealed class UsageException(string message) : Exception(message);
