// Buffers that tensors pass through when they are rearranged, kept so that reading a file does not leave each of them behind.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// One buffer for a tensor that is being rearranged, and the stacked tensors of one row of a layout, read once for all blocks. For one thread.
/// </summary>
internal sealed class ReadBuffers
{
    private readonly Dictionary<StoredTensor, float[]> _stacks = [];
    private NameRule? _rule;
    private float[] _scratch = [];

    /// <summary>The values of a tensor, valid until the next call.</summary>
    internal ReadOnlySpan<float> Values(StoredTensor tensor)
    {
        int count = checked((int)tensor.Count);
        if (_scratch.Length < count)
            _scratch = new float[count];
        tensor.CopyTo(_scratch.AsSpan(0, count));
        return _scratch.AsSpan(0, count);
    }

    /// <summary>The values of one block; asking for another row's tensor lets go of those before.</summary>
    internal ReadOnlySpan<float> Slice(NameRule rule, StoredTensor tensor, int index)
    {
        if (!ReferenceEquals(_rule, rule))
            _stacks.Clear();
        _rule = rule;
        if (!_stacks.TryGetValue(tensor, out float[]? values))
        {
            values = new float[tensor.Count];
            tensor.CopyTo(values);
            _stacks.Add(tensor, values);
        }

        int length = values.Length / checked((int)tensor.Shape[0]);
        return values.AsSpan(index * length, length);
    }
}
