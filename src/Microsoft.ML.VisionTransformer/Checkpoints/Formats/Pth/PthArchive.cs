// Reads the zip archive that torch.save writes.
using System.IO.Compression;
using System.IO.Hashing;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;

/// <summary>
/// An open archive. Binary format: all entries are in one folder with any name and are stored without compression:
/// <list type="bullet">
/// <item><c>data.pkl</c>: a pickle of the saved value, in which tensors refer to storages by key.</item>
/// <item><c>data/KEY</c>: a storage, an array of values.</item>
/// <item><c>byteorder</c>, since PyTorch 2.1: <c>little</c> or <c>big</c>.</item>
/// <item><c>version</c> and others: ignored.</item>
/// </list>
/// Entry names are only compared, never used as paths.
/// </summary>
internal sealed class PthArchive : IDisposable
{
    /// <summary>In bytes. The pickle of a ViT-H with its optimizer has about 1 MB.</summary>
    private const int LargestPickle = 32 << 20;
    private const int LongestByteOrder = 16;
    private const int ChunkBytes = 1 << 16;
    private const string Again = "Download or save the file again.";
    private readonly string _path;
    private readonly long _length;
    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = [];
    private readonly HashSet<ZipArchiveEntry> _verified = [];
    private readonly string _root;

    /// <summary>Takes ownership of <paramref name="file"/>, and closes it if this constructor throws.</summary>
    /// <exception cref="InvalidCheckpointException">The file is not a PyTorch archive.</exception>
    internal PthArchive(string path, FileStream file)
    {
        _path = path;
        _length = file.Length;
        try
        {
            _zip = Try(() => new ZipArchive(file, ZipArchiveMode.Read));
            foreach (var entry in Try(() => _zip.Entries))
            {
                if (!_entries.TryAdd(entry.FullName, entry))
                    throw Fail($"the archive has the entry {MessageText.Of(entry.FullName)} twice");
            }

            _root = FindRoot();
            if (_entries.TryGetValue(_root + "byteorder", out var order) && !ReadAll(order, LongestByteOrder).AsSpan().SequenceEqual("little"u8))
                throw Fail("its byteorder is not little: it was written on a big-endian machine", "Save it again on a little-endian machine.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal byte[] ReadPickle()
    {
        var entry = _entries[_root + "data.pkl"];
        return ReadAll(entry, LargestPickle);
    }

    /// <summary>Finds the entry of a storage and checks that it has exactly the length in the pickle.</summary>
    /// <exception cref="InvalidCheckpointException">The entry is missing or has another length.</exception>
    internal ZipArchiveEntry Find(PickledStorage storage, string tensor)
    {
        if (!_entries.TryGetValue($"{_root}data/{storage.Key}", out var entry))
            throw Fail($"{tensor} is in the storage {MessageText.Of(storage.Key)}, which the file does not have");
        long length = Checked(entry, _length);
        if (length % storage.Type.Width != 0 || length / storage.Type.Width != storage.Count)
            throw Fail($"{tensor} needs {storage.Count} values of {storage.Type.Width} bytes in {entry.FullName}, which has {length} bytes");
        return entry;
    }

    /// <summary>Reads a range of an entry. Not thread-safe. The first call for an entry verifies the checksum of the whole entry.</summary>
    /// <exception cref="InvalidCheckpointException">The bytes are missing or corrupt.</exception>
    internal void Read(ZipArchiveEntry entry, long start, Span<byte> bytes)
    {
        try
        {
            bool whole = bytes.Length == entry.Length;
            if (!whole && !IsVerified(entry))
                Verify(entry, CrcOf(entry));
            using var stream = entry.Open();
            Skip(stream, start);
            stream.ReadExactly(bytes);
            if (whole && !IsVerified(entry))
                Verify(entry, Crc32.HashToUInt32(bytes));
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw Damaged(e);
        }
    }

    internal InvalidCheckpointException Fail(string problem, string advice = Again, Exception? cause = null) =>
        cause is null ? new($"{_path}: {problem}. {advice}") : new($"{_path}: {problem}. {advice}", cause);

    public void Dispose() => _zip.Dispose();

    private string FindRoot()
    {
        string[] pickles = [.. _entries.Keys.Where(n => n.EndsWith("/data.pkl", StringComparison.Ordinal) && n.Count(c => c == '/') == 1)];
        if (pickles.Length != 1)
            throw Fail($"the archive has {pickles.Length} entries named FOLDER/data.pkl, but a checkpoint has one", "Pass a file written by torch.save.");
        string root = pickles[0][..^"data.pkl".Length];
        if (_entries.Keys.Any(n => n.StartsWith(root + "code/", StringComparison.Ordinal)))
            throw Fail("it is a TorchScript program, not a checkpoint", "Save only the weights: torch.save(model.state_dict(), path).");
        return root;
    }

    private byte[] ReadAll(ZipArchiveEntry entry, int most)
    {
        byte[] bytes = new byte[Checked(entry, most)];
        Read(entry, 0, bytes);
        return bytes;
    }

    private long Checked(ZipArchiveEntry entry, long most)
    {
        if (entry.CompressedLength != entry.Length)
            throw Fail($"{MessageText.Of(entry.FullName)} is compressed or encrypted, which torch.save never does", "Save it again with torch.save.");
        return entry.Length <= Math.Min(most, _length)
            ? entry.Length
            : throw Fail($"{MessageText.Of(entry.FullName)} has {entry.Length} bytes; at most {Math.Min(most, _length)} are allowed");
    }

    /// <summary>Whether the entry's checksum was already verified, or does not exist.</summary>
    /// <remarks>
    /// PyTorch writes 0 if checksums are disabled with <c>torch.serialization.set_crc32_options(False)</c>, available since version 2.6.
    /// </remarks>
    private bool IsVerified(ZipArchiveEntry entry) => entry.Crc32 == 0 || _verified.Contains(entry);

    private void Verify(ZipArchiveEntry entry, uint found)
    {
        if (found != entry.Crc32)
            throw Fail($"the bytes of {MessageText.Of(entry.FullName)} have the CRC-32 {found:x8}, but the archive states {entry.Crc32:x8}: the file is corrupt");
        _verified.Add(entry);
    }

    private static uint CrcOf(ZipArchiveEntry entry)
    {
        byte[] chunk = new byte[ChunkBytes];
        var crc = new Crc32();
        using var stream = entry.Open();
        for (int length; (length = stream.Read(chunk)) > 0;)
            crc.Append(chunk.AsSpan(0, length));
        return crc.GetCurrentHashAsUInt32();
    }

    private static void Skip(Stream stream, long count)
    {
        if (stream.CanSeek)
        {
            stream.Seek(count, SeekOrigin.Begin);
            return;
        }

        byte[] passed = new byte[Math.Min(count, ChunkBytes)];
        for (long left = count; left > 0; left -= passed.Length)
            stream.ReadExactly(passed, 0, (int)Math.Min(left, passed.Length));
    }

    private T Try<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw Damaged(e);
        }
    }

    /// <summary>Whether the zip reader throws this exception for corrupt data.</summary>
    private static bool IsDamage(Exception e) =>
        e is (InvalidDataException or IOException or NotSupportedException or ArgumentException) and not InvalidCheckpointException;

    private InvalidCheckpointException Damaged(Exception cause) =>
        Fail($"the zip archive is corrupt or truncated ({cause.Message.TrimEnd('.')})", Again, cause);
}
