// A name and its value, such as an option.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal sealed record ReportValue(string Name, string Value);
