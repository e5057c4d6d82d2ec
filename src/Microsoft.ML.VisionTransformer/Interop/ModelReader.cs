// Reads what ModelWriter wrote and trusts none of it: version, names, sizes and checksums are checked.
using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.VisionTransformer.Interop;

internal sealed class ModelReader
{
    /// <summary>Bytes of the longest entry that is read as a whole: JSON. The names of a million classes fit.</summary>
    internal const int MostText = 64 << 20;

    private const int MostEntries = 100_000;

    private readonly ModelLoadContext _context;
    private readonly Dictionary<string, (long Length, byte[] Checksum)> _index = [];

    /// <summary>Reads the index.</summary>
    /// <param name="context">The model.</param>
    /// <param name="format">What can be read.</param>
    /// <exception cref="InvalidDataException">The model is of a newer format or its index is broken.</exception>
    internal ModelReader(ModelLoadContext context, ModelFormat format)
    {
        _context = context;
        RefuseOtherVersions(context, format.Version);
        int checksum = context.Header.ModelVerWritten < format.Current ? EntryChecksum.OldLength : EntryChecksum.Length;
        try
        {
            int count = context.Reader.ReadInt32();
            if (count is < 0 or > MostEntries)
                throw Broken($"its index announces {count} entries");
            for (int i = 0; i < count; i++)
                _index.Add(context.Reader.ReadString(), (context.Reader.ReadInt64(), context.Reader.ReadBytes(checksum)));
        }
        catch (Exception e) when (e is IOException or ArgumentException or FormatException)
        {
            throw Broken($"its index is cut off or garbled ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>The content of an entry of JSON, exactly as it was written.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, too long, of another size, or its checksum differs.</exception>
    internal byte[] Read(string name)
    {
        using var entry = Open(name);
        if (entry.Left > MostText)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"the entry {name} has {entry.Left} bytes, at most {MostText} are read"));
        byte[] content = new byte[entry.Left];
        entry.Read(content);
        return content;
    }

    /// <summary>Opens an entry, to be read before another one is opened.</summary>
    /// <exception cref="InvalidDataException">The entry is missing or of another size.</exception>
    internal EntryReader Open(string name)
    {
        if (!_index.TryGetValue(name, out var expected))
            throw Broken($"the entry {name} is not in its index");
        var (content, owner, length) = Direct(name) ?? Copied(name);
        if (length == expected.Length)
            return new EntryReader(name, content, owner, length, new EntryChecksum(expected.Checksum));
        owner.Dispose();
        throw Broken(string.Create(CultureInfo.InvariantCulture, $"the entry {name} has {length} bytes, {expected.Length} were written"));
    }

    /// <summary>The entry where it lies in the archive: nothing of it is in memory.</summary>
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

    /// <summary>The entry as ML.NET gives it, which has copied it into memory.</summary>
    private (Stream Content, IDisposable Owner, long Length) Copied(string name)
    {
        var entry = _context.Repository.OpenEntryOrNull(_context.Directory, name) ?? throw Broken($"the entry {name} is missing");
        return (entry.Stream, entry, entry.Stream.Length);
    }

    /// <summary>The error for a model that is not what was written.</summary>
    /// <remarks>
    /// What led to it belongs in the reason and not into an inner exception: ML.NET wraps this error, and <see cref="Exception.GetBaseException"/>, by which callers have it back,
    /// would give them the innermost.
    /// </remarks>
    internal static InvalidDataException Broken(string reason) =>
        new($"The Vision Transformer in this model file is broken: {reason}. Copy the file again from its source, or save the model again.");

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

/// <summary>Its checksum is checked with the last byte: what was read before is to be thrown away where that fails.</summary>
/// <param name="name">Its name, for messages.</param>
/// <param name="content">Its bytes.</param>
/// <param name="owner">What holds them; disposed with the reader.</param>
/// <param name="length">How many they are.</param>
/// <param name="checksum">Their checksum; disposed with the reader.</param>
internal sealed class EntryReader(string name, Stream content, IDisposable owner, long length, EntryChecksum checksum) : IDisposable
{
    /// <summary>Bytes that are read and then summed up while they are still in the processor's cache.</summary>
    private const int Chunk = 256 * 1024;

    /// <summary>Bytes that were not read yet.</summary>
    internal long Left { get; private set; } = length;

    /// <summary>Reads the next bytes, no more than are left.</summary>
    /// <exception cref="InvalidDataException">The entry ends before them, or its checksum differs.</exception>
    internal void Read(Span<byte> to)
    {
        for (int done = 0; done < to.Length; done += Chunk)
        {
            var chunk = to.Slice(done, Math.Min(Chunk, to.Length - done));
            try
            {
                content.ReadExactly(chunk);
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                throw ModelReader.Broken($"the entry {name} is cut off or cannot be unpacked ({e.Message.TrimEnd('.')})");
            }

            checksum.Append(chunk);
        }

        Left -= to.Length;
        if (Left == 0 && !checksum.Matches())
            throw ModelReader.Broken($"the checksum of the entry {name} differs: its bytes were changed after saving");
    }

    public void Dispose()
    {
        checksum.Dispose();
        owner.Dispose();
    }
}

/// <summary>The signatures by which ML.NET finds a transformer's loader, and the formats that it reads.</summary>
/// <param name="Transformer">The transformer's type.</param>
/// <param name="Signature">Eight characters at the head of its stream.</param>
/// <param name="Loader">The name that its loader is registered by.</param>
/// <param name="Current">The newest format, since which entries have today's checksum; packages of the one before do not know it.</param>
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

    /// <summary>Loads a transformer for the device that there is, whatever the caller has set in libtorch.</summary>
    /// <param name="environment">Where ML.NET says what it does.</param>
    /// <param name="context">The model.</param>
    /// <param name="read">Makes the transformer of its entries, on the device.</param>
    /// <exception cref="InvalidDataException">The model is of a newer format, or broken.</exception>
    internal T Load<T>(IHostEnvironment environment, ModelLoadContext context, Func<ModelReader, TorchSharp.torch.Device, T> read)
    {
        var reader = new ModelReader(context, this);
        var device = TorchRuntime.Device("auto", environment);
        using var state = TorchState.EnterOrdinary();
        return read(reader, device);
    }
}
