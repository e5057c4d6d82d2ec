// The data rows of a test class.
using System.Reflection;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Support;

internal static class DataRows
{
    internal static IEnumerable<object?[]> Of(Type tests) =>
        tests.GetMethods().SelectMany(m => m.GetCustomAttributes<DataRowAttribute>()).Select(row => row.Data!);
}
