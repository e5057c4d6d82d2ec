// Writes named entries of a model .zip, and at the end an index of them with sizes and checksums.
using System.IO.Compression;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// The entries that one transformer keeps in ML.NET's model archive.
/// </summary>
/// <remarks>
/// *** Binary format *** of the transformer's own stream (<c>Model.key</c>), behind ML.NET's header:
/// <code>
/// int: number of entries
/// for each entry:
///   string: name (length-prefixed UTF-8)
///   long: bytes
///   byte[16]: XXH128 (byte[32]: SHA-256 in files of formats before)
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

    /// <summary>Adds an entry of JSON, which ML.NET deflates.</summary>
    /// <exception cref="InvalidOperationException">The content is longer than any that is read again.</exception>
    internal void Add(string name, ReadOnlySpan<byte> content)
    {
        if (content.Length > ModelReader.MostText)
            throw new InvalidOperationException($"The model cannot be saved: its entry {name} has {content.Length} bytes, and at most {ModelReader.MostText} are read again. Give the classes shorter names.");
        Deflate(name, content);
        _index.Add((name, content.Length, EntryChecksum.Of(content)));
    }

    /// <summary>Adds a large entry that would not get smaller, as it is.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="checksum">Their <see cref="EntryChecksum"/>.</param>
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
/// XXH128: it finds damage, which is all that a checksum in the same file can do, at the speed of memory. Files written before it have SHA-256, which alone takes longer than copying the bytes.
/// </summary>
internal sealed class EntryChecksum : IDisposable
{
    internal const int Length = 16, OldLength = 32;

    private readonly byte[] _expected;
    private readonly XxHash128? _hash;
    private readonly IncrementalHash? _old;

    /// <param name="expected">The checksum of the whole content, of either kind.</param>
    internal EntryChecksum(byte[] expected)
    {
        _expected = expected;
        if (expected.Length == OldLength)
            _old = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        else
            _hash = new XxHash128();
    }

    internal static byte[] Of(ReadOnlySpan<byte> content) => XxHash128.Hash(content);

    /// <summary>The next bytes of the content.</summary>
    internal void Append(ReadOnlySpan<byte> content)
    {
        _hash?.Append(content);
        _old?.AppendData(content);
    }

    /// <summary>Whether the content, which is complete, has the checksum.</summary>
    internal bool Matches() => _expected.AsSpan().SequenceEqual(_hash?.GetCurrentHash() ?? _old!.GetCurrentHash());

    public void Dispose() => _old?.Dispose();
}

/// <summary>
/// Weights do not compress: deflating the 346 MB of a ViT-B/16 makes them 8 % smaller and takes thirty times as long as all the rest of saving. The repository's writer has no
/// choice of compression, so that its archive is taken from it, and likewise the entries of the reader; they are private fields, and this is the one place that touches such things.
/// </summary>
internal static class StoredEntries
{
    /// <summary>Adds an entry; false where this ML.NET keeps its archive elsewhere, and nothing was added: its own way of adding entries still works.</summary>
    /// <param name="repository">The model being written; none of its entries is open for writing but those that it holds outside the archive.</param>
    /// <param name="directory">The folder of the transformer in the archive.</param>
    /// <param name="name">The entry's name in it.</param>
    /// <param name="content">The entry's bytes.</param>
    internal static bool TryAdd(RepositoryWriter repository, string? directory, string name, ReadOnlySpan<byte> content)
    {
        if (OrNull(() => Archive(repository)) is not { } archive)
            return false;
        using var entry = archive.CreateEntry(Path.Combine(directory ?? "", name), CompressionLevel.NoCompression).Open();
        entry.Write(content);
        return true;
    }

    /// <summary>Opens an entry; null where there is none, or where this ML.NET keeps its entries elsewhere: its own way of reading them still works.</summary>
    /// <param name="repository">The model being read; none of its entries is open.</param>
    /// <param name="directory">The folder of the transformer in the archive.</param>
    /// <param name="name">The entry's name in it.</param>
    /// <exception cref="InvalidDataException">The archive is damaged, or the entry is said to be larger than deflation can make it.</exception>
    internal static (Stream Content, long Length)? TryOpen(RepositoryReader repository, string? directory, string name)
    {
        string path = Path.Combine(directory ?? "", name).Replace('\\', '/');
        if (OrNull(() => Entries(repository))?.GetValueOrDefault(path) is not { } entry)
            return null;
        if (!DeflateLimit.Allows(entry.CompressedLength, entry.Length))
            throw new InvalidDataException($"{entry.CompressedLength} bytes cannot be unpacked to {entry.Length}");
        return (entry.Open(), entry.Length);
    }

    /// <summary>What a private field holds; null where there is no such field.</summary>
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
