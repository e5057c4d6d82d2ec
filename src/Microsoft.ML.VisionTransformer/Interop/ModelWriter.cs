// Writes named entries of a model .zip, and at the end an index of them with sizes and checksums.
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
