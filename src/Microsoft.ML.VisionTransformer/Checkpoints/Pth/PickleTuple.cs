// A tuple in a pickle.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Compared by reference, so that no comparison walks through nested tuples.</summary>
internal sealed class PickleTuple(object?[] items)
{
    internal IReadOnlyList<object?> Items => items;
}
