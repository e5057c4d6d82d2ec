// Puts entries into ML.NET's model archive as they are and takes them out without a copy, where ML.NET itself deflates every entry and reads it into memory.
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Interop;

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
