// A tensor of the network, assembled from a checkpoint's tensors.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>A tensor of the network, and its parts in the file.</summary>
internal sealed class MappedTensor(string path, NameRule rule, int? block, IReadOnlyList<MappedPart> parts, ReadBuffers buffers)
{
    /// <summary>The tensor's name in the network.</summary>
    internal string Name { get; } = NamePattern.Fill(rule.Canonical, block);

    /// <summary>The index of its block; null for a tensor outside the blocks.</summary>
    internal int? Block => block;

    /// <summary>The layout's rule that the file matches.</summary>
    internal NameRule Rule => rule;

    /// <summary>The parts in the file.</summary>
    internal IReadOnlyList<MappedPart> Parts => parts;

    /// <summary>The shape in the network, derived from the file; null if a part is missing or the parts do not match.</summary>
    internal long[]? Shape { get; } = Join(rule, parts);

    /// <summary>Number of values; the tensor must be complete.</summary>
    internal long Count => Shape!.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Copies the values in the network's order. A part that needs rearranging is copied through a buffer of the file tensor's size.</summary>
    /// <param name="values">Receives the values; must have exactly <see cref="Count"/> elements.</param>
    /// <param name="checkFinite">Whether to reject NaN and infinity.</param>
    /// <exception cref="InvalidCheckpointException">The values cannot be read, are not floating-point values, or are not finite.</exception>
    internal void CopyTo(Span<float> values, bool checkFinite = true)
    {
        Guard.That(Shape is not null, nameof(values), $"{Name} is incomplete in {path}; check the map before reading.");
        Guard.InRange(values.Length, Count, Count + 1);
        foreach (var part in parts)
        {
            var target = rule.Sum ? values : values[..checked((int)part.Shape!.Aggregate(1L, (product, size) => product * size))];
            if (rule.Sum && part != parts[0])
                Add(part, target);
            else
                Read(part, target);
            if (checkFinite && FiniteValues.FirstFault(target) is { } fault)
                throw new InvalidCheckpointException(
                    $"{path}: {fault} in {part.Name}; a network with this value has no finite outputs. Use a checkpoint from before training diverged.");
            values = rule.Sum ? values : values[target.Length..];
        }
    }

    private void Add(MappedPart part, Span<float> target)
    {
        float[] summand = new float[target.Length];
        Read(part, summand);
        for (int i = 0; i < target.Length; i++)
            target[i] += summand[i];
    }

    private void Read(MappedPart part, Span<float> target)
    {
        var tensor = part.Tensor!;
        if (part.IsAsStored)
            tensor.CopyTo(target);
        else if (part.StackIndex is { } index)
            Arrange(part, buffers.Slice(rule, tensor, index), target);
        else
            Arrange(part, buffers.Values(tensor), target);
    }

    private static void Arrange(MappedPart part, ReadOnlySpan<float> source, Span<float> target)
    {
        var (order, range) = (part.Part.Order, part.Part.Range);
        int begin = checked((int)range.Of(part.WholeShape!)!.Value.Begin);
        if (order.KeepsOrder)
            source.Slice(begin, target.Length).CopyTo(target);
        else
            order.ToNetwork(source, part.FileShape, target);
    }

    private static long[]? Join(NameRule rule, IReadOnlyList<MappedPart> parts)
    {
        var shapes = parts.Select(part => part.Shape).ToList();
        if (shapes.Contains(null))
            return null;
        long[] joined = [.. shapes[0]!];
        foreach (long[]? shape in shapes.Skip(1))
        {
            bool fits = rule.Sum
                ? shape!.SequenceEqual(joined)
                : joined.Length > 0 && shape!.Length == joined.Length && shape.Skip(1).SequenceEqual(joined.Skip(1));
            if (!fits)
                return null;
            joined[0] = rule.Sum ? joined[0] : checked(joined[0] + shape![0]);
        }

        return joined;
    }
}

/// <summary>A part of a network's tensor, present in a file or missing.</summary>
/// <param name="Part">The part in the layout's rule.</param>
/// <param name="Name">The actual or expected name in the file.</param>
/// <param name="Tensor">The file's tensor; null if it is missing.</param>
/// <param name="StackIndex">Index on the first axis if the file stacks all blocks in one tensor; otherwise null.</param>
internal sealed record MappedPart(NamePart Part, string Name, StoredTensor? Tensor, int? StackIndex)
{
    /// <summary>Whether the part is the whole tensor in the network's order, so it can be read without a buffer.</summary>
    internal bool IsAsStored => StackIndex is null && Part.Range == PartRange.All && Part.Order.KeepsOrder;

    /// <summary>The shape in the file, without the axis of stacked blocks.</summary>
    internal IReadOnlyList<long> FileShape => StackIndex is null ? Tensor!.Shape : [.. Tensor!.Shape.Skip(1)];

    /// <summary>The shape of the whole tensor in the network's axes; null if the file's tensor has another number of axes.</summary>
    internal long[]? WholeShape => Tensor is null ? null : Part.Order.ToNetwork(FileShape);

    /// <summary>The shape of the part; null if the tensor is missing or does not contain the part.</summary>
    internal long[]? Shape => WholeShape is { } whole ? Part.Range.Of(whole)?.Shape : null;

    /// <summary>The expected shape in the file for a part of the given shape, for messages.</summary>
    internal string DescribeExpected(long[] partShape)
    {
        string text = Part.Order.Describe(Part.Range.DescribeWhole(partShape));
        return StackIndex is null ? text : text.Replace("[", "[blocks, ", StringComparison.Ordinal);
    }
}

/// <summary>
/// Reusable buffers for rearranging tensors: one for the current tensor, and the stacked tensors of one rule, which are read once for all blocks. Not
/// thread-safe.
/// </summary>
internal sealed class ReadBuffers
{
    private readonly Dictionary<StoredTensor, float[]> _stacks = [];
    private NameRule? _rule;
    private float[] _scratch = [];

    /// <summary>Reads the values of a tensor. The result is valid until the next call.</summary>
    internal ReadOnlySpan<float> Values(StoredTensor tensor)
    {
        int count = checked((int)tensor.Count);
        if (_scratch.Length < count)
            _scratch = new float[count];
        tensor.CopyTo(_scratch.AsSpan(0, count));
        return _scratch.AsSpan(0, count);
    }

    /// <summary>Returns the values of one block. A call for another rule releases the tensors of the previous one.</summary>
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
