// Applies a layout to a file: maps the network's tensor names to the file's tensors.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Maps the network's tensor names to a file's tensors. Building the map reads only names and shapes.</summary>
internal sealed class LayoutMap
{
    /// <summary>More blocks than any network has; a tensor with a larger first axis is not a stack of blocks.</summary>
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

    /// <summary>Path of the opened file, for messages.</summary>
    internal string Path { get; }

    /// <summary>Whether several threads may read tensors concurrently. Tensors that need rearranging share one buffer and are read sequentially.</summary>
    internal bool ReadsInParallel => _file.ReadsInParallel && Tensors.Values.All(tensor => tensor.Parts.All(part => part.IsAsStored));

    /// <summary>The file's layout.</summary>
    internal CheckpointLayout Layout { get; }

    /// <summary>The network's tensors by name. Reading them in this order reads each of the file's tensors once.</summary>
    internal IReadOnlyDictionary<string, MappedTensor> Tensors { get; }

    /// <summary>The file's tensors that match a rule of the layout.</summary>
    internal IReadOnlyList<StoredTensor> Known => _known;

    /// <summary>The file's tensors that match no rule and are not ignored.</summary>
    internal IReadOnlyList<StoredTensor> Unknown => _unknown;

    /// <summary>Detects the layout of a file and applies it.</summary>
    /// <exception cref="InvalidCheckpointException">No layout matches, or a tensor occurs under two names.</exception>
    internal static LayoutMap Of(CheckpointFile file)
    {
        var (layout, wrapper) = CheckpointLayouts.Detect(file);
        return new LayoutMap(file, layout, wrapper);
    }

    /// <summary>Applies the given layout.</summary>
    internal static LayoutMap Of(CheckpointFile file, CheckpointLayout layout) => new(file, layout, "");

    /// <summary>The actual or expected names in the file for a tensor of the network; the network's own name if the layout has none.</summary>
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

    /// <summary>Whether the tensor is unused because of the file's head.</summary>
    internal bool IsUnused(string name) =>
        Layout.UnusedBesideHead is { } part && name.StartsWith(part, StringComparison.Ordinal) && Tensors.ContainsKey("head.weight");

    /// <summary>Ranks the rules of a tensor: complete ones first, then those with more parts in the file.</summary>
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
                $"{Path} has both {MessageText.Of(other.Name)} and {MessageText.Of(tensor.Name)}, two names of the same tensor; "
                + "remove one of them.");
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
