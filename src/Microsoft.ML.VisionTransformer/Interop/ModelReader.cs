// Reads what ModelWriter wrote and trusts none of it: version, names, sizes and checksums are checked before a byte is used.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Interop;

internal sealed class ModelReader
{
    private const int MostEntries = 100_000;

    private readonly ModelLoadContext _context;
    private readonly Dictionary<string, (long Length, byte[] Checksum)> _index = [];

    /// <summary>Reads the index.</summary>
    /// <param name="context">The model.</param>
    /// <param name="version">What can be read.</param>
    /// <param name="checksumSince">The format since which entries have today's checksum.</param>
    /// <exception cref="InvalidDataException">The model is of a newer format or its index is broken.</exception>
    internal ModelReader(ModelLoadContext context, VersionInfo version, uint checksumSince)
    {
        _context = context;
        RefuseOtherVersions(context, version);
        int checksum = context.Header.ModelVerWritten < checksumSince ? EntryChecksum.OldLength : EntryChecksum.Length;
        try
        {
            int count = context.Reader.ReadInt32();
            if (count is < 0 or > MostEntries)
                throw Broken($"its index announces {count} entries");
            for (int i = 0; i < count; i++)
                _index.Add(context.Reader.ReadString(), (context.Reader.ReadInt64(), context.Reader.ReadBytes(checksum)));
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException or FormatException)
        {
            throw Broken("its index is cut off or garbled", e);
        }
    }

    /// <summary>The content of an entry, exactly as it was written.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, of another size, or its checksum differs.</exception>
    internal byte[] Read(string name) => ReadMemory(name).ToArray();

    /// <summary>Whether the index has an entry of that name.</summary>
    internal bool Has(string name) => _index.ContainsKey(name);

    /// <summary>Entries in their order, each of which is taken out of the file while the one before is worked on. Nothing else is read before the last.</summary>
    /// <exception cref="InvalidDataException">An entry is missing, of another size, or its checksum differs.</exception>
    internal IEnumerable<ReadOnlyMemory<byte>> ReadInTurn(IEnumerable<string?> names)
    {
        Task<ReadOnlyMemory<byte>>? reading = null;
        string? current = null;
        try
        {
            foreach (string? name in names.Append(null))
            {
                var content = reading?.GetAwaiter().GetResult();
                reading = name is null ? null : Task.Run(() => Unchecked(name));
                if (content is { } read)
                    yield return Checked(current!, read);
                current = name;
            }
        }
        finally
        {
            // The archive is the caller's again, even where it gave up.
            if (reading is not null)
                ((IAsyncResult)reading).AsyncWaitHandle.WaitOne();
        }
    }

    /// <summary>As <see cref="Read"/>, without a copy where ML.NET has the entry in memory.</summary>
    private ReadOnlyMemory<byte> ReadMemory(string name) => Checked(name, Unchecked(name));

    private ReadOnlyMemory<byte> Unchecked(string name)
    {
        if (!_index.TryGetValue(name, out var expected))
            throw Broken($"the entry {name} is not in its index");
        using var entry = _context.Repository.OpenEntryOrNull(_context.Directory, name) ?? throw Broken($"the entry {name} is missing");
        if (entry.Stream.Length != expected.Length)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"the entry {name} has {entry.Stream.Length} bytes, {expected.Length} were written"));
        return Content(entry.Stream);
    }

    private ReadOnlyMemory<byte> Checked(string name, ReadOnlyMemory<byte> content) =>
        EntryChecksum.Matches(content.Span, _index[name].Checksum)
            ? content
            : throw Broken($"the checksum of the entry {name} differs: its bytes were changed after saving");

    /// <summary>The stream's bytes from its start to its end.</summary>
    private static ReadOnlyMemory<byte> Content(Stream stream)
    {
        if (stream is MemoryStream memory && memory.TryGetBuffer(out var buffer))
            return buffer;
        byte[] content = GC.AllocateUninitializedArray<byte>(checked((int)stream.Length));
        stream.ReadExactly(content);
        return content;
    }

    /// <summary>The error for a model that is not what was written.</summary>
    internal static InvalidDataException Broken(string reason, Exception? cause = null) =>
        new($"The Vision Transformer in this model file is broken: {reason}. Copy the file again from its source, or save the model again.", cause);

    private static void RefuseOtherVersions(ModelLoadContext context, VersionInfo version)
    {
        if (context.Header.ModelSignature != version.ModelSignature)
            throw Broken("it does not begin with this transformer's signature");
        if (context.Header.ModelVerReadable > version.VerWrittenCur)
        {
            throw new InvalidDataException(
                $"The Vision Transformer in this model file has format {Format(context.Header.ModelVerReadable)}, written by a newer Microsoft.ML.VisionTransformer; " +
                $"this one reads up to {Format(version.VerWrittenCur)}. Update the package Microsoft.ML.VisionTransformer.");
        }

        context.CheckAtModel(version);
    }

    private static string Format(uint version) => string.Create(CultureInfo.InvariantCulture, $"{version >> 16}.{version & 0xffff}");
}
