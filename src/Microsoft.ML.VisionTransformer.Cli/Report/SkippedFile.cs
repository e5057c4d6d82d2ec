// A file that was left out, and why.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal sealed record SkippedFile(string Name, string Reason);
