// A layout applied to a file: every tensor of the network that the file has.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Names of the network, and where the file has them. Building it reads names and shapes alone.</summary>
internal sealed class LayoutMap
{
    /// <summary>More blocks than any network has: a tensor that claims more is no stack of blocks.</summary>
    private const int MaxStackedBlocks = 10_000;

    private readonly CheckpointFile _file;
    private readonly string _wrapper;
    private readonly ReadBuffers _buffers = new();
    private readonly Dictionary<(int Rule, int? Block), StoredTensor?[]> _found = [];
    private readonly List<StoredTensor> _known = [];
    private readonly List<StoredTensor> _unknown = [];
    private bool _prefixed;

    private LayoutMap(CheckpointFile file, CheckpointLayout layout, string wrapper)
    {
        (_file, Path, Layout, _wrapper) = (file, file.Path, layout, wrapper);
        foreach (var tensor in file.Tensors.Values)
            Assign(tensor);
        Tensors = _found
            .GroupBy(f => (layout.Rules[f.Key.Rule].Canonical, f.Key.Block))
            .Select(group => group.OrderByDescending(f => Rank(f.Value)).ThenBy(f => f.Key.Rule).First())
            .OrderBy(f => f.Key.Rule).ThenBy(f => f.Key.Block)
            .Select(f => Map(f.Key.Rule, f.Key.Block, f.Value))
            .ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>What was opened, for messages.</summary>
    internal string Path { get; }

    /// <summary>Whether several threads may read tensors at once: what passes through the one buffer is read in turn.</summary>
    internal bool ReadsInParallel => _file.ReadsInParallel && Tensors.Values.All(tensor => tensor.Parts.All(part => part.IsAsStored));

    /// <summary>The layout that the file follows.</summary>
    internal CheckpointLayout Layout { get; }

    /// <summary>The network's tensors by name. Reading them in this order reads each tensor of the file once.</summary>
    internal IReadOnlyDictionary<string, MappedTensor> Tensors { get; }

    /// <summary>Tensors of the file that belong to a row of the layout.</summary>
    internal IReadOnlyList<StoredTensor> Known => _known;

    /// <summary>Tensors of the file that the layout has no row for and does not ignore.</summary>
    internal IReadOnlyList<StoredTensor> Unknown => _unknown;

    /// <summary>Finds the layout of a file and applies it.</summary>
    /// <exception cref="InvalidCheckpointException">No layout fits, or one name stands twice.</exception>
    internal static LayoutMap Of(CheckpointFile file)
    {
        var (layout, wrapper) = CheckpointLayouts.Detect(file);
        return new LayoutMap(file, layout, wrapper);
    }

    /// <summary>Applies that layout.</summary>
    internal static LayoutMap Of(CheckpointFile file, CheckpointLayout layout) => new(file, layout, "");

    /// <summary>The names that the file has, or would have, for a tensor of the network; the network's own name where the layout has none.</summary>
    internal IReadOnlyList<string> FileNames(string name)
    {
        if (Tensors.TryGetValue(name, out var tensor))
            return [.. tensor.Parts.Select(part => part.Name)];
        foreach (var (pattern, block) in NamePattern.Readings(name))
        {
            if (Layout.Rules.FirstOrDefault(rule => rule.Canonical == pattern) is { } rule)
                return [.. rule.Parts.Select(part => FileName(rule, part, block))];
        }

        return [name];
    }

    /// <summary>Whether the file's own head leaves that tensor of the network unused.</summary>
    internal bool IsUnused(string name) =>
        Layout.UnusedBesideHead is { } part && name.StartsWith(part, StringComparison.Ordinal) && Tensors.ContainsKey("head.weight");

    /// <summary>A file whose parts are all there comes before one with gaps, then the one with more parts.</summary>
    private static int Rank(StoredTensor?[] parts) => parts.Count(part => part is not null) + (parts.Contains(null) ? 0 : parts.Length + 1);

    private void Assign(StoredTensor tensor)
    {
        bool known = false;
        if (tensor.Name.StartsWith(_wrapper, StringComparison.Ordinal))
        {
            string name = tensor.Name[_wrapper.Length..];
            foreach (var (pattern, block) in NamePattern.Readings(name))
            {
                foreach (var (rule, part) in Layout.Find(pattern))
                    known |= Assign(tensor, rule, part, block);
            }

            if (!known && Layout.Ignores(name))
                return;
            _prefixed |= known && Layout.OptionalPrefix.Length > 0 && name.StartsWith(Layout.OptionalPrefix, StringComparison.Ordinal);
        }
        else if (Layout.Ignores(tensor.Name))
        {
            return;
        }

        (known ? _known : _unknown).Add(tensor);
    }

    private bool Assign(StoredTensor tensor, int rule, int part, int? block)
    {
        if (!Layout.Rules[rule].IsStacked(Layout.Rules[rule].Parts[part]))
        {
            Put(tensor, rule, part, block);
            return true;
        }

        if (tensor.Shape.Count == 0 || tensor.Shape[0] is < 1 or > MaxStackedBlocks)
            return false;
        for (int index = 0; index < tensor.Shape[0]; index++)
            Put(tensor, rule, part, index);
        return true;
    }

    private void Put(StoredTensor tensor, int rule, int part, int? block)
    {
        if (!_found.TryGetValue((rule, block), out var parts))
            _found.Add((rule, block), parts = new StoredTensor?[Layout.Rules[rule].Parts.Length]);
        if (parts[part] is { } other)
            throw new InvalidCheckpointException(
                $"{Path} has both {MessageText.Of(other.Name)} and {MessageText.Of(tensor.Name)}, two names of one tensor; "
                + "which one is meant cannot be known, so leave one out.");
        parts[part] = tensor;
    }

    private MappedTensor Map(int rule, int? block, StoredTensor?[] found)
    {
        var row = Layout.Rules[rule];
        var parts = row.Parts.Select((part, i) => new MappedPart(
            part,
            found[i] is { } tensor ? tensor.Name : FileName(row, part, block),
            found[i],
            row.IsStacked(part) ? block : null));
        return new MappedTensor(Path, row, block, [.. parts], _buffers);
    }

    private string FileName(NameRule rule, NamePart part, int? block)
    {
        string name = NamePattern.Fill(part.Name, block) + (rule.IsStacked(part) ? NamePattern.Fill("[{}]", block) : "");
        return _wrapper + (_prefixed ? name : Layout.BareName(name));
    }
}
