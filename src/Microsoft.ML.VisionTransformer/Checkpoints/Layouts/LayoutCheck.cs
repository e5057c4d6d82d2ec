// Compares a checkpoint's tensors with a network's parameters.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Compares a checkpoint's tensors with a network's parameters.</summary>
internal static class LayoutCheck
{
    /// <summary>Compares with all parameters of an architecture.</summary>
    /// <inheritdoc cref="Check(LayoutMap, IEnumerable{ParameterRow}, bool, Func{string, bool})"/>
    internal static CheckpointMismatch Check(
        this LayoutMap map, VisionTransformerArchitecture architecture, bool strict = true, Func<string, bool>? leftOut = null) =>
        map.Check(architecture.Parameters(), strict, leftOut);

    /// <summary>Lists tensors that are missing, unexpected, or have a wrong shape or type.</summary>
    /// <param name="map">The file's tensors under the network's names.</param>
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="strict">Whether to throw if there are differences.</param>
    /// <param name="leftOut">Returns whether a parameter is not loaded from the file, such as a new head's. It is neither required nor unexpected.</param>
    /// <exception cref="InvalidCheckpointException">There are differences and <paramref name="strict"/> is true; one message lists them.</exception>
    internal static CheckpointMismatch Check(
        this LayoutMap map, IEnumerable<ParameterRow> parameters, bool strict = true, Func<string, bool>? leftOut = null)
    {
        var rows = parameters.Where(row => leftOut?.Invoke(row.Name) != true).ToList();
        var found = rows.Where(row => map.Tensors.ContainsKey(row.Name)).Select(row => (Row: row, Tensor: map.Tensors[row.Name])).ToList();
        var passedOver = map.Tensors.Values.Where(t => map.IsUnused(t.Name) || leftOut?.Invoke(t.Name) == true);
        var used = found.Select(f => f.Tensor).Concat(passedOver).SelectMany(Files).ToHashSet();
        var missing = rows.Where(row => !map.Tensors.ContainsKey(row.Name)).SelectMany(row => map.FileNames(row.Name));
        var incomplete = found.SelectMany(f => f.Tensor.Parts).Where(part => part.Tensor is null).Select(part => part.Name);
        var mismatch = new CheckpointMismatch(
            [.. missing.Concat(incomplete).Distinct(StringComparer.Ordinal).Select(name => $"{name} is missing")],
            [.. Unexpected(map, rows, used)],
            [.. found.SelectMany(f => WrongShapes(f.Row, f.Tensor)).Distinct(StringComparer.Ordinal)],
            [.. WrongTypes(found.SelectMany(f => Files(f.Tensor)).Distinct())]);
        if (strict && !mismatch.IsEmpty)
            throw new InvalidCheckpointException(
                $"{map.Path} ({map.Layout.Name} names) does not match the network: {mismatch}. "
                + "Pass the architecture of the file, or load it with strict: false to keep the tensors that match.");
        return mismatch;
    }

    private static IEnumerable<StoredTensor> Files(MappedTensor tensor) => tensor.Parts.Select(part => part.Tensor).OfType<StoredTensor>();

    private static IEnumerable<string> WrongTypes(IEnumerable<StoredTensor> tensors) =>
        tensors.Where(tensor => tensor.Type == StoredType.Other)
            .Select(tensor => $"{tensor.Name} is {MessageText.Of(tensor.TypeName)}, but a floating-point type is expected");

    private static IEnumerable<string> Unexpected(LayoutMap map, List<ParameterRow> rows, HashSet<StoredTensor> used)
    {
        int depth = rows.Select(row => BlockOf(row.Name) + 1).DefaultIfEmpty(0).Max();
        var blocks = map.Tensors.Values.SelectMany(t => Files(t).Select(file => (file, t.Block))).ToLookup(pair => pair.file, pair => pair.Block);
        var unexpected = map.Known.Where(tensor => !used.Contains(tensor)).Concat(map.Unknown).Select(tensor =>
            $"{MessageText.Of(tensor.Name)} is not part of the network" + (blocks[tensor].Any(block => block >= depth) ? $" (depth is {depth})" : ""));
        var tooDeep = map.Known.Where(tensor => used.Contains(tensor) && blocks[tensor].Any(block => block >= depth)).Select(tensor =>
            $"{tensor.Name} stacks {tensor.Shape[0]} blocks, but the network has {depth}");
        return unexpected.Concat(tooDeep);
    }

    private static int BlockOf(string name) =>
        NamePattern.Readings(name).Where(r => r.Pattern.StartsWith("blocks.{}.", StringComparison.Ordinal)).Select(r => r.Block!.Value).FirstOrDefault(-1);

    private static IEnumerable<string> WrongShapes(ParameterRow row, MappedTensor tensor)
    {
        long[] expected = [.. row.Shape];
        if (!tensor.Rule.Sum && expected.Length > 0)
            expected[0] /= tensor.Parts.Count;
        return tensor.Parts
            .Where(part => part.Tensor is not null && part.Shape?.SequenceEqual(expected) != true)
            .Select(part => $"{part.Name} is [{MessageText.Of(string.Join(", ", part.Tensor!.Shape))}], but the network needs {part.DescribeExpected(expected)}");
    }
}

/// <summary>
/// The differences between a checkpoint and a network, each a sentence without a period that uses the file's names.
/// </summary>
/// <param name="Missing">Parameters of the network that the file lacks.</param>
/// <param name="Unexpected">Tensors of the file that the network does not have.</param>
/// <param name="WrongShape">Tensors whose shape differs from the network's.</param>
/// <param name="WrongType">Tensors that are not floating point.</param>
internal sealed record CheckpointMismatch(
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Unexpected,
    IReadOnlyList<string> WrongShape,
    IReadOnlyList<string> WrongType)
{
    private const int MaxInMessage = 10;

    /// <summary>Whether the file matches.</summary>
    internal bool IsEmpty => Missing.Count + Unexpected.Count + WrongShape.Count + WrongType.Count == 0;

    /// <summary>All differences, the most informative first.</summary>
    internal IReadOnlyList<string> All => [.. WrongShape, .. WrongType, .. Missing, .. Unexpected];

    /// <summary>At most ten of the differences, the most informative first, and the number of others.</summary>
    public override string ToString()
    {
        var all = All;
        string more = all.Count > MaxInMessage ? $"; and {all.Count - MaxInMessage} more" : "";
        return string.Join("; ", all.Take(MaxInMessage)) + more;
    }
}
