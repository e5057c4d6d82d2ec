// Converts a network's parameters to the names and shapes of a layout, for writing a file.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Converts a network's parameters to the names and shapes of a layout.</summary>
internal static class LayoutWriting
{
    /// <summary>Returns the tensors of a file in the layout. A network without a head is written without the optional prefix, as its publisher does.</summary>
    /// <param name="layout">The layout. It only defines names; the caller must check what its readers assume (activation, pooling).</param>
    /// <param name="architecture">The network.</param>
    /// <param name="values">Returns the values of a parameter by name, row-major. They are not copied if the order does not change.</param>
    /// <exception cref="ArgumentException">The layout has no name for a parameter, or its position table has different entries.</exception>
    internal static IEnumerable<(string Name, long[] Shape, ReadOnlyMemory<float> Values)> ToFile(
        this CheckpointLayout layout, VisionTransformerArchitecture architecture, Func<string, ReadOnlyMemory<float>> values)
    {
        bool prefixed = architecture is { PositionEmbedding: PositionEmbedding.Learned, PrefixTokens: > 0 };
        Guard.That(
            !prefixed || layout.PositionsCoverPrefix is not { } covers || covers == architecture.PositionsCoverPrefix,
            nameof(architecture),
            $"The network has PositionsCoverPrefix {architecture.PositionsCoverPrefix}, but {layout.Name} networks have {layout.PositionsCoverPrefix}: "
            + $"their position tables differ. Use {TimmLayouts.Vit.Name} names.");
        return layout.ToFile(architecture.Parameters(), architecture.Mlp, bare: architecture.Classes == 0, values);
    }

    /// <inheritdoc cref="ToFile(CheckpointLayout, VisionTransformerArchitecture, Func{string, ReadOnlyMemory{float}})"/>
    /// <param name="layout">The layout.</param>
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="mlp">The network's MLP kind.</param>
    /// <param name="bare">Whether to omit the optional prefix.</param>
    /// <param name="values">Returns the values of a parameter by name.</param>
    internal static IEnumerable<(string Name, long[] Shape, ReadOnlyMemory<float> Values)> ToFile(
        this CheckpointLayout layout, IEnumerable<ParameterRow> parameters, MlpKind mlp, bool bare, Func<string, ReadOnlyMemory<float>> values)
    {
        var rows = parameters.ToList();
        var chunks = rows.SelectMany(row => Parts(layout, row, mlp, values(row.Name)));
        long width = rows.First(row => row.Name == "patch_embed.proj.weight").Shape[0];
        var zeros = layout.Zeros.Select(zero =>
            (zero.Name, Shape: (long[])[.. Enumerable.Repeat(1L, zero.LeadingOnes), width], Values: (ReadOnlyMemory<float>)new float[width]));
        return chunks
            .GroupBy(chunk => chunk.Name, StringComparer.Ordinal)
            .Select(group => Whole(layout, group.Key, [.. group.OrderBy(chunk => chunk.Part.Range)]))
            .Concat(zeros)
            .Select(tensor => (bare ? layout.BareName(tensor.Name) : tensor.Name, tensor.Shape, tensor.Values));
    }

    private static IEnumerable<(string Name, NamePart Part, long[] Shape, ReadOnlyMemory<float> Values)> Parts(
        CheckpointLayout layout, ParameterRow row, MlpKind mlp, ReadOnlyMemory<float> values)
    {
        var (rule, block) = Rule(layout, row.Name, mlp);
        Guard.That(values.Length == row.Length, nameof(values), $"{row.Name} has {values.Length} values, but its shape requires {row.Length}.");
        long[] shape = [.. row.Shape];
        if (!rule.Sum)
            shape[0] /= rule.Parts.Length;
        for (int i = 0; i < rule.Parts.Length; i++)
        {
            int length = rule.Sum ? values.Length : values.Length / rule.Parts.Length;
            var slice = !rule.Sum ? values.Slice(i * length, length) : i == 0 ? values : new float[length];
            yield return (NamePattern.Fill(rule.Parts[i].Name, block), rule.Parts[i], shape, slice);
        }
    }

    private static (NameRule Rule, int? Block) Rule(CheckpointLayout layout, string name, MlpKind mlp)
    {
        foreach (var (pattern, block) in NamePattern.Readings(name))
        {
            if (layout.Rules.FirstOrDefault(rule => rule.Canonical == pattern && (rule.Mlp ?? mlp) == mlp) is not { } rule)
                continue;
            Guard.That(
                !rule.Parts.Any(rule.IsStacked), nameof(layout), $"{layout.Name} stacks all blocks in one tensor, which is supported for reading only.");
            return (rule, block);
        }

        throw new ArgumentException(
            $"{layout.Name} has no name for {name}: its networks have no such part. Use {TimmLayouts.Vit.Name} names.", nameof(layout));
    }

    private static (string Name, long[] Shape, ReadOnlyMemory<float> Values) Whole(
        CheckpointLayout layout, string name, List<(string Name, NamePart Part, long[] Shape, ReadOnlyMemory<float> Values)> chunks)
    {
        var ranges = chunks.Select(chunk => chunk.Part.Range).ToArray();
        Guard.That(
            ranges is [PartRange.All] or [PartRange.QueryRows, PartRange.KeyAndValueRows] or [PartRange.FirstPosition, PartRange.LaterPositions],
            nameof(layout),
            $"{layout.Name} stores more in {name} than the network has, which is supported for reading only.");
        var (_, part, shape, values) = chunks[0];
        if (chunks.Count > 1)
        {
            int axis = ranges[0] == PartRange.FirstPosition ? 1 : 0;
            shape = [.. shape.Select((size, i) => i == axis ? chunks.Sum(chunk => chunk.Shape[i]) : size)];
            values = chunks.SelectMany(chunk => chunk.Values.ToArray()).ToArray();
        }

        long[] fileShape = part.Order.ToFile(shape)
            ?? throw new ArgumentException($"{layout.Name} has a separate axis for heads in {name}, which is supported for reading only.", nameof(layout));
        if (part.Order.KeepsOrder)
            return (name, fileShape, values);
        float[] ordered = new float[values.Length];
        part.Order.ToFile(values.Span, fileShape, ordered);
        return (name, fileShape, ordered);
    }
}
