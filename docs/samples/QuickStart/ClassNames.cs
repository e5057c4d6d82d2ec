// The class names that the model stores: the slot names of the Score column.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace QuickStart;

internal static class ClassNames
{
    internal static IReadOnlyList<string> Of(IDataView scored)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        scored.Schema["Score"].GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }
}
