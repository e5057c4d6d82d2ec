// A column of a table of the report.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Name">What stands above it.</param>
/// <param name="IsNumber">Whether it holds numbers, which stand to the right.</param>
internal readonly record struct TableColumn(string Name, bool IsNumber = true)
{
    internal static TableColumn Words(string name) => new(name, IsNumber: false);
}
