// Reads what ModelWriter wrote and trusts none of it: version, names, sizes and checksums are checked before a byte is used.
using System.Globalization;
using System.Security.Cryptography;

namespace Microsoft.ML.VisionTransformer.Interop;

internal sealed class ModelReader
{
    private const int MostEntries = 100_000;
    private const int HashLength = 32;

    private readonly ModelLoadContext _context;
    private readonly Dictionary<string, (long Length, byte[] Sha256)> _index = [];

    /// <summary>Reads the index.</summary>
    /// <exception cref="InvalidDataException">The model is of a newer format or its index is broken.</exception>
    internal ModelReader(ModelLoadContext context, VersionInfo version)
    {
        _context = context;
        RefuseOtherVersions(context, version);
        try
        {
            int count = context.Reader.ReadInt32();
            if (count is < 0 or > MostEntries)
                throw Broken($"its index announces {count} entries");
            for (int i = 0; i < count; i++)
                _index.Add(context.Reader.ReadString(), (context.Reader.ReadInt64(), context.Reader.ReadBytes(HashLength)));
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException or FormatException)
        {
            throw Broken("its index is cut off or garbled", e);
        }
    }

    /// <summary>The content of an entry, exactly as it was written.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, of another size, or its checksum differs.</exception>
    internal byte[] Read(string name) => ReadMemory(name).ToArray();

    /// <summary>As <see cref="Read"/>, without a copy where ML.NET has the entry in memory.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, of another size, or its checksum differs.</exception>
    internal ReadOnlyMemory<byte> ReadMemory(string name)
    {
        if (!_index.TryGetValue(name, out var expected))
            throw Broken($"the entry {name} is not in its index");
        using var entry = _context.Repository.OpenEntryOrNull(_context.Directory, name) ?? throw Broken($"the entry {name} is missing");
        if (entry.Stream.Length != expected.Length)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"the entry {name} has {entry.Stream.Length} bytes, {expected.Length} were written"));
        var content = Content(entry.Stream);
        if (!SHA256.HashData(content.Span).AsSpan().SequenceEqual(expected.Sha256))
            throw Broken($"the checksum of the entry {name} differs: its bytes were changed after saving");
        return content;
    }

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
