// A tensor of the network as a checkpoint gives it.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>One of the network's tensors, its parts in the file, and the way from there.</summary>
internal sealed class MappedTensor(string path, NameRule rule, int? block, IReadOnlyList<MappedPart> parts, ReadBuffers buffers)
{
    /// <summary>The network's name of it.</summary>
    internal string Name { get; } = NamePattern.Fill(rule.Canonical, block);

    /// <summary>The block it belongs to; null for a tensor outside the blocks.</summary>
    internal int? Block => block;

    /// <summary>The row of the layout that the file follows.</summary>
    internal NameRule Rule => rule;

    /// <summary>What it is made of.</summary>
    internal IReadOnlyList<MappedPart> Parts => parts;

    /// <summary>The network's shape as it follows from the file; null where a part is missing or the parts do not fit together.</summary>
    internal long[]? Shape { get; } = Join(rule, parts);

    /// <summary>Number of values; the tensor must be whole.</summary>
    internal long Count => Shape!.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Writes the values in the network's order. A part that needs rearranging passes through a buffer of that file tensor's size.</summary>
    /// <param name="values">A place for each value.</param>
    /// <param name="checkFinite">Refuse NaN and infinity.</param>
    /// <exception cref="InvalidCheckpointException">The values cannot be read, are no floating-point numbers, or not finite.</exception>
    internal void CopyTo(Span<float> values, bool checkFinite = true)
    {
        Guard.That(Shape is not null, nameof(values), $"{Name} is not whole in {path}; check the map before reading.");
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
                    $"{path}: {fault} in {part.Name}; a network with it gives no numbers. Take a checkpoint from before the training broke down.");
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

/// <summary>A part of a network's tensor, found in a file or missing there. What a row of a layout asks for, and what the file has.</summary>
/// <param name="Part">The row's words for it.</param>
/// <param name="Name">The name it has, or would have, in the file.</param>
/// <param name="Tensor">The file's tensor; null where it is missing.</param>
/// <param name="StackIndex">Which entry of the first axis is meant, where the file stacks all blocks; else null.</param>
internal sealed record MappedPart(NamePart Part, string Name, StoredTensor? Tensor, int? StackIndex)
{
    /// <summary>Whether the file's values are the network's, in their order and all of them, so that they need no buffer on the way.</summary>
    internal bool IsAsStored => StackIndex is null && Part.Range == PartRange.All && Part.Order.KeepsOrder;

    /// <summary>Sizes in the file, without the axis that counts stacked blocks.</summary>
    internal IReadOnlyList<long> FileShape => StackIndex is null ? Tensor!.Shape : [.. Tensor!.Shape.Skip(1)];

    /// <summary>Sizes in the network before a share is taken; null where the file's tensor has another number of axes.</summary>
    internal long[]? WholeShape => Tensor is null ? null : Part.Order.ToNetwork(FileShape);

    /// <summary>Sizes of the share; null where the tensor is missing or has no such share.</summary>
    internal long[]? Shape => WholeShape is { } whole ? Part.Range.Of(whole)?.Shape : null;

    /// <summary>The file's shape that would give a share of those sizes, for messages.</summary>
    internal string DescribeExpected(long[] partShape)
    {
        string text = Part.Order.Describe(Part.Range.DescribeWhole(partShape));
        return StackIndex is null ? text : text.Replace("[", "[blocks, ", StringComparison.Ordinal);
    }
}

/// <summary>
/// Buffers that tensors pass through when they are rearranged, kept so that reading a file does not leave each of them behind.
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
