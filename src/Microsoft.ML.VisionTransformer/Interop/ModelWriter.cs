// Writes named entries of a model file and an index of their sizes and checksums.
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>Writes the entries of one transformer to ML.NET's model archive.</summary>
/// <remarks>
/// *** Binary format *** of the transformer's own stream (<c>Model.key</c>), after ML.NET's header:
/// <code>
/// int: number of entries
/// for each entry:
///   string: name (length-prefixed UTF-8)
///   long: bytes
///   byte[16]: XXH128 (byte[32]: SHA-256 in files of older formats)
/// </code>
/// </remarks>
internal sealed class ModelWriter
{
    private readonly ModelSaveContext _context;
    private readonly List<(string Name, long Length, byte[] Checksum)> _index = [];

    internal ModelWriter(ModelSaveContext context, ModelFormat format)
    {
        _context = context;
        context.CheckAtModel();
        context.SetVersionInfo(format.Version);
    }

    /// <summary>Adds a JSON entry, which ML.NET compresses.</summary>
    /// <exception cref="InvalidOperationException">The content is longer than the reader accepts.</exception>
    internal void Add(string name, ReadOnlySpan<byte> content)
    {
        if (content.Length > ModelReader.MaxTextBytes)
        {
            throw new InvalidOperationException(
                $"The model cannot be saved: its entry {name} has {content.Length} bytes; the limit is {ModelReader.MaxTextBytes}. "
                + "Give the classes shorter names.");
        }

        Deflate(name, content);
        _index.Add((name, content.Length, EntryChecksum.Of(content)));
    }

    /// <summary>Adds a large entry without compression.</summary>
    /// <param name="name">Name of the entry.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="checksum">The <see cref="EntryChecksum"/> of the bytes.</param>
    internal void AddStored(string name, ReadOnlyMemory<byte> content, byte[] checksum)
    {
        if (!StoredEntries.TryAdd(_context.Repository, _context.Directory, name, content.Span))
            Deflate(name, content.Span);
        _index.Add((name, content.Length, checksum));
    }

    private void Deflate(string name, ReadOnlySpan<byte> content)
    {
        using var entry = _context.Repository.CreateEntry(_context.Directory, name);
        entry.Stream.Write(content);
    }

    /// <summary>Writes the index; nothing can be added afterwards.</summary>
    internal void Finish()
    {
        _context.Writer.Write(_index.Count);
        foreach (var (name, length, checksum) in _index)
        {
            _context.Writer.Write(name);
            _context.Writer.Write(length);
            _context.Writer.Write(checksum);
        }
    }
}

/// <summary>
/// The checksum of an entry: XXH128, which runs at memory speed. It detects damage only, which is all that a checksum in the same file can do. Older files
/// have SHA-256, which takes longer than copying the bytes.
/// </summary>
internal sealed class EntryChecksum : IDisposable
{
    internal const int Length = 16, OldLength = 32;

    private readonly byte[] _expected;
    private readonly LongHash? _hash;
    private readonly IncrementalHash? _old;

    /// <summary>Starts the check of an entry.</summary>
    /// <param name="expected">The expected checksum of the whole content, of either kind.</param>
    internal EntryChecksum(byte[] expected)
    {
        _expected = expected;
        if (expected.Length == OldLength)
            _old = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        else
            _hash = new LongHash();
    }

    internal static byte[] Of(ReadOnlySpan<byte> content) => LongHash.Of(content);

    /// <summary>Adds the next bytes of the content.</summary>
    internal void Append(ReadOnlySpan<byte> content)
    {
        _hash?.Append(content);
        _old?.AppendData(content);
    }

    /// <summary>Whether the complete content has the expected checksum.</summary>
    internal bool Matches() => _expected.AsSpan().SequenceEqual(_hash?.Finish() ?? _old!.GetCurrentHash());

    public void Dispose() => _old?.Dispose();
}

/// <summary>
/// Writes and reads entries without compression. Weights barely compress: deflating the 346 MB of a ViT-B/16 saves 8% and takes thirty times as long as the
/// rest of saving. ML.NET's repository writer cannot choose the compression, so its archive, and the entries of its reader, are accessed through private
/// fields. No other code accesses private fields.
/// </summary>
internal static class StoredEntries
{
    /// <summary>
    /// Adds an entry. Returns false, without adding it, if this version of ML.NET has no such field; its public method for adding entries still works.
    /// </summary>
    /// <param name="repository">The model being written; no entry inside the archive may be open for writing.</param>
    /// <param name="directory">The folder of the transformer in the archive.</param>
    /// <param name="name">Name of the entry in the folder.</param>
    /// <param name="content">The entry's bytes.</param>
    internal static bool TryAdd(RepositoryWriter repository, string? directory, string name, ReadOnlySpan<byte> content)
    {
        if (OrNull(() => Archive(repository)) is not { } archive)
            return false;
        using var entry = archive.CreateEntry(Path.Combine(directory ?? "", name), CompressionLevel.NoCompression).Open();
        entry.Write(content);
        return true;
    }

    /// <summary>
    /// Opens an entry. Returns null if there is none or if this version of ML.NET has no such field; its public method for reading entries still works.
    /// </summary>
    /// <param name="repository">The model being read; none of its entries may be open.</param>
    /// <param name="directory">The folder of the transformer in the archive.</param>
    /// <param name="name">Name of the entry in the folder.</param>
    /// <exception cref="InvalidDataException">The archive is corrupt, or the stated size is larger than its compressed bytes can expand to.</exception>
    internal static (Stream Content, long Length)? TryOpen(RepositoryReader repository, string? directory, string name)
    {
        string path = Path.Combine(directory ?? "", name).Replace('\\', '/');
        if (OrNull(() => Entries(repository))?.GetValueOrDefault(path) is not { } entry)
            return null;
        if (!DeflateLimit.Allows(entry.CompressedLength, entry.Length))
            throw new InvalidDataException($"{entry.CompressedLength} bytes cannot be unpacked to {entry.Length}");
        return (entry.Open(), entry.Length);
    }

    /// <summary>The value of a private field; null if there is no such field.</summary>
    private static T? OrNull<T>(Func<T> field)
        where T : class
    {
        try
        {
            return field();
        }
        catch (MissingFieldException)
        {
            return null;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_archive")]
    private static extern ref ZipArchive Archive(RepositoryWriter repository);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_entries")]
    private static extern ref Dictionary<string, ZipArchiveEntry> Entries(RepositoryReader repository);
}
