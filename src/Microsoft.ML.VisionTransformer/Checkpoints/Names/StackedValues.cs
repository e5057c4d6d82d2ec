// Keeps the values of tensors that hold all blocks, so that they are read once and not once for each block.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Holds the stacked tensors of one row of a layout at a time. For one thread.</summary>
internal sealed class StackedValues
{
    private readonly Dictionary<StoredTensor, float[]> _values = [];
    private NameRule? _rule;

    /// <summary>The values of one block; asking for another row's tensor lets go of those before.</summary>
    internal ReadOnlySpan<float> Slice(NameRule rule, StoredTensor tensor, int index)
    {
        if (!ReferenceEquals(_rule, rule))
            _values.Clear();
        _rule = rule;
        if (!_values.TryGetValue(tensor, out float[]? values))
        {
            values = new float[tensor.Count];
            tensor.CopyTo(values);
            _values.Add(tensor, values);
        }

        int length = values.Length / checked((int)tensor.Shape[0]);
        return values.AsSpan(index * length, length);
    }
}
