// Reads a checkpoint that is sharded into several safetensors files with an index.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

/// <summary>The shards listed in an index (<c>model.safetensors.index.json</c>), as one checkpoint.</summary>
/// <remarks>
/// Format: a JSON object whose <c>weight_map</c> maps each tensor to the name of a file in the index's folder. A tensor that is not in the index is not part
/// of the checkpoint, even if a shard contains it.
/// </remarks>
internal sealed class ShardedSafetensorsCheckpoint : CheckpointFile
{
    private readonly IReadOnlyCollection<SafetensorsCheckpoint> _shards;

    private ShardedSafetensorsCheckpoint(string path, IReadOnlyCollection<SafetensorsCheckpoint> shards, IReadOnlyDictionary<string, StoredTensor> tensors) =>
        (Path, _shards, Tensors) = (path, shards, tensors);

    /// <summary>Path of the index.</summary>
    internal override string Path { get; }

    internal override bool ReadsInParallel => true;

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Opens the index and all of its shards.</summary>
    /// <exception cref="FileNotFoundException">The index does not exist.</exception>
    /// <exception cref="InvalidCheckpointException">The index or a shard is corrupt, or a shard is missing or outside the index's folder.</exception>
    internal static ShardedSafetensorsCheckpoint Open(string indexPath)
    {
        var map = ReadMap(indexPath);
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(indexPath))!;
        var shards = new Dictionary<string, SafetensorsCheckpoint>(StringComparer.Ordinal);
        try
        {
            foreach (string file in map.Values.Distinct(StringComparer.Ordinal))
                shards.Add(file, OpenShard(indexPath, folder, file));
            var tensors = map.ToDictionary(m => m.Key, m => Find(shards[m.Value], m.Key, indexPath), StringComparer.Ordinal);
            return new ShardedSafetensorsCheckpoint(indexPath, shards.Values, tensors);
        }
        catch
        {
            Close(shards.Values);
            throw;
        }
    }

    /// <summary>The distinct file names in an index. The files need not exist.</summary>
    /// <exception cref="InvalidCheckpointException">The index is invalid, or lists a file outside its folder.</exception>
    internal static IReadOnlyCollection<string> ShardNames(string indexPath) => [.. ReadMap(indexPath).Values.Distinct(StringComparer.Ordinal)];

    public override void Dispose() => Close(_shards);

    private static void Close(IEnumerable<SafetensorsCheckpoint> shards)
    {
        foreach (var shard in shards)
            shard.Dispose();
    }

    private static Dictionary<string, string> ReadMap(string indexPath)
    {
        long length = new FileInfo(indexPath).Length;
        if (length > SafetensorsHeader.MaxLength)
            throw new InvalidCheckpointException(
                $"{indexPath} has {length} bytes; an index may have at most {SafetensorsHeader.MaxLength}; pass the index, not a shard.");
        using var document = StrictJson.Parse(File.ReadAllBytes(indexPath), indexPath);
        if (!StrictJson.Members(document.RootElement, indexPath).TryGetValue("weight_map", out var map))
            throw new InvalidCheckpointException(
                $"{indexPath} has no weight_map from tensors to files: it is not the index of a sharded checkpoint; pass another file.");
        return StrictJson.Members(map, $"{indexPath}: weight_map")
            .ToDictionary(m => m.Key, m => PlainName(StrictJson.Text(m.Value, Where(indexPath, m.Key)), Where(indexPath, m.Key)), StringComparer.Ordinal);
    }

    /// <summary>Checks that a name can only be a file in the folder itself, on Windows as well.</summary>
    private static string PlainName(string file, string where) =>
        file.Length > 0 && file is not ("." or "..") && !file.Any(c => c is '/' or '\\' or ':' || char.IsControl(c))
            ? file
            : throw new InvalidCheckpointException(
                $"{where} names the file '{MessageText.Of(file)}', but a plain name of a file beside the index is expected: do not use this checkpoint.");

    private static SafetensorsCheckpoint OpenShard(string indexPath, string folder, string file)
    {
        try
        {
            return SafetensorsCheckpoint.Open(System.IO.Path.Combine(folder, file));
        }
        catch (Exception e) when (e is FileNotFoundException or PathTooLongException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException(
                $"{indexPath} names the shard {MessageText.Of(file)}, which is not a readable file in {folder}; download it to that folder.", e);
        }
    }

    private static StoredTensor Find(SafetensorsCheckpoint shard, string name, string indexPath) => shard.Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new InvalidCheckpointException(
            $"{Where(indexPath, name)} should be in {System.IO.Path.GetFileName(shard.Path)}, which does not have it: "
            + "index and shards belong to different checkpoints; download them again.");

    private static string Where(string indexPath, string name) => $"{indexPath}: weight_map: {MessageText.Of(name)}";
}
