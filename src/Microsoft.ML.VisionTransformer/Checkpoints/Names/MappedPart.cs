// A part of a network's tensor, found in a file or missing there.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>What a row of a layout asks for, and what the file has.</summary>
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
    internal string DescribeExpected(long[] share)
    {
        string text = Part.Order.Describe(Part.Range.DescribeWhole(share));
        return StackIndex is null ? text : text.Replace("[", "[blocks, ", StringComparison.Ordinal);
    }
}
