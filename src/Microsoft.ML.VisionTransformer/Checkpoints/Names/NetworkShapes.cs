// Shapes of a network's tensors as a checkpoint has them, for working out the architecture.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Looks into a <see cref="LayoutMap"/>; every size it gives is at least 1 and fits the architecture's numbers.</summary>
internal sealed class NetworkShapes(LayoutMap map)
{
    /// <summary>What was opened.</summary>
    internal LayoutMap Map => map;

    /// <summary>Whether the file has that tensor, whole, and its own network uses it.</summary>
    internal bool Has(string name) => map.Tensors.TryGetValue(name, out var tensor) && tensor.Shape is not null && !map.IsUnused(name);

    /// <summary>Whether two of the network's tensors are one in the file, so that it can have only one of them.</summary>
    internal bool AreOne(string name, string other) => Has(name) && Has(other) && map.Tensors[name].Parts[0].Tensor == map.Tensors[other].Parts[0].Tensor;

    /// <summary>Sizes of a tensor that must be there and have that many axes.</summary>
    /// <exception cref="InvalidCheckpointException">It is not there, is not whole, or has other axes.</exception>
    internal int[] Of(string name, int axes)
    {
        if (!map.Tensors.TryGetValue(name, out var tensor))
            throw Error($"{string.Join(" and ", map.FileNames(name))} {(map.FileNames(name).Count > 1 ? "are" : "is")} missing");
        if (tensor.Parts.FirstOrDefault(part => part.Tensor is null) is { } missing)
            throw Error($"{missing.Name} is missing");
        if (tensor.Shape is not { } shape || shape.Length != axes || shape.Any(size => size is < 1 or > int.MaxValue))
            throw Error(string.Join(", ", tensor.Parts.Select(part =>
                $"{part.Name} is [{MessageText.Of(string.Join(", ", part.Tensor!.Shape))}], which no Vision Transformer of these names has")));
        return [.. shape.Select(size => (int)size)];
    }

    /// <summary>The number of blocks: every number from 0 on must be there.</summary>
    /// <exception cref="InvalidCheckpointException">There are none, or a number is left out.</exception>
    internal int Depth()
    {
        var blocks = map.Tensors.Values.Select(tensor => tensor.Block).OfType<int>().ToHashSet();
        if (blocks.Count == 0)
            throw Error("it has no blocks");
        for (int i = 0; i < blocks.Count; i++)
        {
            if (!blocks.Contains(i))
                throw Error($"it has tensors of {blocks.Count} blocks, up to number {blocks.Max()}, and none of block {i}");
        }

        return blocks.Count;
    }

    /// <summary>The error of a file that does not say enough.</summary>
    internal InvalidCheckpointException Error(string what) => new(
        $"{map.Path} (names of {map.Layout.Name}) does not give its architecture: {what}. "
        + "Pass architecture, the network the weights are for, or fetch the whole model folder with its config.json.");
}
