// A model .zip in memory whose entries can be replaced, with corrected lengths and checksums, as an attacker would do.
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>Entries by their full name. The Vision Transformer is the one transformer that has an <c>architecture.json</c>.</summary>
internal sealed class ModelArchive
{
    private const string Index = "Model.key", Marker = "/architecture.json";

    private readonly SortedDictionary<string, byte[]> _entries;
    private readonly string _folder;

    private ModelArchive(SortedDictionary<string, byte[]> entries)
    {
        _entries = entries;
        string marker = entries.Keys.Single(name => name.EndsWith(Marker, StringComparison.Ordinal));
        _folder = marker[..(marker.Length - Marker.Length + 1)];
    }

    /// <summary>Names of the Vision Transformer's own entries, without its folder.</summary>
    internal IEnumerable<string> Names => _entries.Keys.Where(name => name.StartsWith(_folder, StringComparison.Ordinal)).Select(name => name[_folder.Length..]);

    internal static ModelArchive Read(byte[] zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        var entries = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            using var content = entry.Open();
            using var copy = new MemoryStream();
            content.CopyTo(copy);
            entries.Add(entry.FullName, copy.ToArray());
        }

        return new ModelArchive(entries);
    }

    internal byte[] this[string name] => _entries[_folder + name];

    internal string Text(string name) => Encoding.UTF8.GetString(this[name]);

    /// <summary>The archive with a text of an entry replaced.</summary>
    internal ModelArchive Replace(string name, string old, string with)
    {
        string text = Text(name);
        return text.Contains(old, StringComparison.Ordinal)
            ? With(name, Encoding.UTF8.GetBytes(text.Replace(old, with, StringComparison.Ordinal)))
            : throw new ArgumentException($"{name} does not have {old}: {text}");
    }

    /// <summary>The archive with the content of an entry replaced; length and checksum in the index match the new content.</summary>
    internal ModelArchive With(string name, byte[] content)
    {
        var entries = new SortedDictionary<string, byte[]>(_entries, StringComparer.Ordinal) { [_folder + name] = content };
        if (name != Index)
            entries[_folder + Index] = WithChecksum(_entries[_folder + Index], name, content);
        return new ModelArchive(entries);
    }

    internal byte[] ToBytes()
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in _entries)
            {
                bool stored = name.EndsWith(".bin", StringComparison.Ordinal);
                using var entry = archive.CreateEntry(name, stored ? CompressionLevel.NoCompression : CompressionLevel.Optimal).Open();
                entry.Write(content);
            }
        }

        return zip.ToArray();
    }

    /// <summary>In the index each name is followed by the length in 8 bytes and the checksum in 16.</summary>
    private static byte[] WithChecksum(byte[] index, string name, byte[] content)
    {
        byte[] changed = [.. index];
        byte[] named = [(byte)name.Length, .. Encoding.UTF8.GetBytes(name)];
        int at = changed.AsSpan().IndexOf(named);
        if (at < 0)
            throw new ArgumentException($"{name} is not in the index.", nameof(name));
        var rest = changed.AsSpan(at + named.Length);
        BinaryPrimitives.WriteInt64LittleEndian(rest, content.Length);
        XxHash128.Hash(content).CopyTo(rest[sizeof(long)..]);
        return changed;
    }
}
