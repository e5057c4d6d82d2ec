// Reads the entries of a model file as untrusted input: version, names, sizes and checksums are checked.
using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>Reads the entries that <see cref="ModelWriter"/> writes.</summary>
internal sealed class ModelReader
{
    /// <summary>Maximum size in bytes of an entry that is read as a whole: JSON. The names of a million classes fit.</summary>
    internal const int MaxTextBytes = 64 << 20;

    private const int MaxEntries = 100_000;

    private readonly ModelLoadContext _context;
    private readonly Dictionary<string, (long Length, byte[] Checksum)> _index = [];

    /// <summary>Reads the index.</summary>
    /// <param name="context">ML.NET's load context of the model.</param>
    /// <param name="format">The formats that can be read.</param>
    /// <exception cref="InvalidDataException">The model has a newer format, or its index is corrupt.</exception>
    internal ModelReader(ModelLoadContext context, ModelFormat format)
    {
        _context = context;
        RequireSupportedVersion(context, format.Version);
        int checksum = context.Header.ModelVerWritten < format.Current ? EntryChecksum.OldLength : EntryChecksum.Length;
        try
        {
            int count = context.Reader.ReadInt32();
            if (count is < 0 or > MaxEntries)
                throw Broken($"its index declares {count} entries; expected 0 to {MaxEntries}");
            for (int i = 0; i < count; i++)
                _index.Add(context.Reader.ReadString(), (context.Reader.ReadInt64(), context.Reader.ReadBytes(checksum)));
        }
        catch (Exception e) when (e is IOException or ArgumentException or FormatException)
        {
            throw Broken($"its index is truncated or corrupt ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>Reads the content of a JSON entry and checks its size and checksum.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, too long, or its size or checksum differs.</exception>
    internal byte[] Read(string name)
    {
        using var entry = Open(name);
        if (entry.Left > MaxTextBytes)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"the entry {name} has {entry.Left} bytes; the limit is {MaxTextBytes}"));
        byte[] content = new byte[entry.Left];
        entry.Read(content);
        return content;
    }

    /// <summary>Opens an entry; read it before opening another one.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, or its size differs.</exception>
    internal EntryReader Open(string name)
    {
        if (!_index.TryGetValue(name, out var expected))
            throw Broken($"the entry {name} is not in its index");
        var (content, owner, length) = Direct(name) ?? Copied(name);
        if (length == expected.Length)
            return new EntryReader(name, content, owner, length, new EntryChecksum(expected.Checksum));
        owner.Dispose();
        throw Broken(string.Create(CultureInfo.InvariantCulture, $"the entry {name} has {length} bytes; {expected.Length} were written"));
    }

    /// <summary>The entry as a stream over the archive, without a copy in memory.</summary>
    private (Stream Content, IDisposable Owner, long Length)? Direct(string name)
    {
        try
        {
            return StoredEntries.TryOpen(_context.Repository, _context.Directory, name) is var (content, length) ? (content, content, length) : null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or NotSupportedException)
        {
            throw Broken($"the entry {name} cannot be unpacked ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>The entry as ML.NET returns it, copied into memory.</summary>
    private (Stream Content, IDisposable Owner, long Length) Copied(string name)
    {
        var entry = _context.Repository.OpenEntryOrNull(_context.Directory, name) ?? throw Broken($"the entry {name} is missing");
        return (entry.Stream, entry, entry.Stream.Length);
    }

    /// <summary>The exception for a corrupt model.</summary>
    /// <remarks>
    /// Put the cause into the reason, not into an inner exception: ML.NET wraps this exception, and callers unwrap it with
    /// <see cref="Exception.GetBaseException"/>, which would return the innermost one.
    /// </remarks>
    internal static InvalidDataException Broken(string reason) =>
        new($"The Vision Transformer in this model file is damaged: {reason}. Copy the file again from its source, or save the model again.");

    private static void RequireSupportedVersion(ModelLoadContext context, VersionInfo version)
    {
        if (context.Header.ModelSignature != version.ModelSignature)
            throw Broken("it does not start with this transformer's signature");
        if (context.Header.ModelVerReadable > version.VerWrittenCur)
        {
            throw new InvalidDataException(
                $"The Vision Transformer in this model file has format {Format(context.Header.ModelVerReadable)}, " +
                "written by a newer Microsoft.ML.VisionTransformer; " +
                $"this version reads up to {Format(version.VerWrittenCur)}. Update the package Microsoft.ML.VisionTransformer.");
        }

        context.CheckAtModel(version);
    }

    private static string Format(uint version) => string.Create(CultureInfo.InvariantCulture, $"{version >> 16}.{version & 0xffff}");
}

/// <summary>Reads an entry and checks its checksum with the last byte. If that fails, discard everything read before.</summary>
/// <param name="name">Name of the entry, for error messages.</param>
/// <param name="content">The bytes of the entry.</param>
/// <param name="owner">The owner of the content; disposed with the reader.</param>
/// <param name="length">Number of bytes.</param>
/// <param name="checksum">The expected checksum; disposed with the reader.</param>
internal sealed class EntryReader(string name, Stream content, IDisposable owner, long length, EntryChecksum checksum) : IDisposable
{
    /// <summary>Bytes per read, small enough that the checksum is computed while they are in the processor's cache.</summary>
    private const int ChunkBytes = 256 * 1024;

    /// <summary>Number of bytes not yet read.</summary>
    internal long Left { get; private set; } = length;

    /// <summary>Reads the next bytes; at most <see cref="Left"/>.</summary>
    /// <exception cref="InvalidDataException">The entry ends too early, or its checksum differs.</exception>
    internal void Read(Span<byte> to)
    {
        for (int done = 0; done < to.Length; done += ChunkBytes)
        {
            var chunk = to.Slice(done, Math.Min(ChunkBytes, to.Length - done));
            try
            {
                content.ReadExactly(chunk);
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                throw ModelReader.Broken($"the entry {name} is truncated or cannot be unpacked ({e.Message.TrimEnd('.')})");
            }

            checksum.Append(chunk);
        }

        Left -= to.Length;
        if (Left == 0 && !checksum.Matches())
            throw ModelReader.Broken($"the checksum of the entry {name} does not match: its bytes were changed after saving");
    }

    public void Dispose()
    {
        checksum.Dispose();
        owner.Dispose();
    }
}

/// <summary>The signatures with which ML.NET finds a transformer's loader, and the format versions that can be read.</summary>
/// <param name="Transformer">The transformer's type.</param>
/// <param name="Signature">Eight characters at the start of the stream.</param>
/// <param name="Loader">The name under which the loader is registered.</param>
/// <param name="Current">The newest format, which introduced the current checksum; packages of the previous format cannot read it.</param>
internal sealed record ModelFormat(Type Transformer, string Signature, string Loader, uint Current)
{
    private const uint Oldest = 0x00010001;

    internal VersionInfo Version => new(
        modelSignature: Signature,
        verWrittenCur: Current,
        verReadableCur: Current,
        verWeCanReadBack: Oldest,
        loaderAssemblyName: Transformer.Assembly.FullName,
        loaderSignature: Loader);

    /// <summary>Loads a transformer on the default device.</summary>
    /// <param name="environment">ML.NET's environment, for GPU settings.</param>
    /// <param name="context">ML.NET's load context of the model.</param>
    /// <param name="read">Creates the transformer from its entries, on the device.</param>
    /// <exception cref="InvalidDataException">The model has a newer format, or is corrupt.</exception>
    internal T Load<T>(IHostEnvironment environment, ModelLoadContext context, Func<ModelReader, ComputeDevice, T> read) =>
        read(new ModelReader(context, this), ComputeDevice.Of(ComputeDevice.Auto, environment));
}
