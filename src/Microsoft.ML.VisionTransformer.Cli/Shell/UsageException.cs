// The error for a command line or configuration file that is not right.
namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
