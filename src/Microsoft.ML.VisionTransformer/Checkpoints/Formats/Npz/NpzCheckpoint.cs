// Reads NumPy archives (.npz), the format of the original JAX code and of big_vision.
using System.Collections.ObjectModel;
using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;

/// <summary>An open .npz file: a zip of .npy arrays.</summary>
/// <remarks>
/// <para>Binary format: a zip; each member is stored or deflated and named after its array, such as <c>Transformer/encoder_norm/scale.npy</c>:</para>
/// <para>6 bytes: 0x93 and <c>NUMPY</c>; 2 bytes: version 1.0, 2.0 or 3.0; 2 bytes (version 1.0) or 4: header length, little-endian.</para>
/// <para>text: a Python dictionary of <c>descr</c>, <c>fortran_order</c> and <c>shape</c>, padded with spaces; it is parsed, never evaluated.</para>
/// <para>the rest: the values, row-major, or column-major if <c>fortran_order</c> is True.</para>
/// <para>Opening checks every member's header and sizes; a member's CRC-32 is checked when its values are read. Not thread-safe.</para>
/// </remarks>
internal sealed class NpzCheckpoint : CheckpointFile
{
    private readonly FileStream _file;
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    private NpzCheckpoint(FileStream file, string path)
    {
        _file = file;
        Path = path;
    }

    internal override string Path { get; }

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    /// <summary>Opens a file and reads the headers of its arrays. Tensor names are the member names without <c>.npy</c>.</summary>
    /// <exception cref="InvalidCheckpointException">The file is not a zip archive, or a member is not a supported array.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be opened.</exception>
    internal static NpzCheckpoint Open(string path)
    {
        Guard.NotBlank(path);
        var checkpoint = new NpzCheckpoint(File.OpenRead(path), path);
        try
        {
            checkpoint.ReadMembers();
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public override void Dispose() => _file.Dispose();

    private void ReadMembers()
    {
        long unclaimed = _file.Length;
        foreach (var entry in Entries().Where(e => !NpzMember.IsFolder(e)))
        {
            var member = NpzMember.Check(Path, entry, unclaimed);
            unclaimed -= entry.CompressedLength;
            if (!_tensors.TryAdd(member.Name, new NpzTensor(member)))
                throw member.Error("the archive has two members with this name and is ambiguous; write the file again.");
        }

        if (_tensors.Count == 0)
            throw new InvalidCheckpointException($"{Path} is a zip without members; an .npz checkpoint has one per array. Download the file again.");
    }

    private ReadOnlyCollection<ZipArchiveEntry> Entries()
    {
        try
        {
            return new ZipArchive(_file, ZipArchiveMode.Read, leaveOpen: true).Entries;
        }
        catch (Exception e) when (NpzMember.IsDamage(e))
        {
            throw new InvalidCheckpointException(
                $"{Path} is not a complete zip archive, as .npz files are ({e.Message}): it is truncated or in another format. Download it again.", e);
        }
    }
}

/// <summary>A zip entry whose sizes have been checked against the size of the file.</summary>
internal sealed class NpzMember
{
    private const string Extension = ".npy";

    private readonly string _path;
    private readonly ZipArchiveEntry _entry;

    private NpzMember(string path, ZipArchiveEntry entry, string name) => (_path, _entry, Name) = (path, entry, name);

    /// <summary>The array's name: the member's name without <c>.npy</c>.</summary>
    internal string Name { get; }

    /// <summary>Uncompressed size in bytes, as declared in the archive.</summary>
    internal long Length => _entry.Length;

    /// <summary>CRC-32 of the uncompressed bytes, as declared in the archive.</summary>
    internal uint Crc => _entry.Crc32;

    /// <summary>Checks a member of the archive at <paramref name="path"/>; earlier members leave <paramref name="unclaimed"/> bytes.</summary>
    /// <exception cref="InvalidCheckpointException">The entry is not a .npy member, is encrypted, or declares impossible sizes.</exception>
    internal static NpzMember Check(string path, ZipArchiveEntry entry, long unclaimed)
    {
        string full = entry.FullName;
        bool array = full.EndsWith(Extension, StringComparison.Ordinal);
        var member = new NpzMember(path, entry, array ? full[..^Extension.Length] : full);
        if (!array)
            throw member.Error("the name does not end in .npy: this zip is not an .npz checkpoint. PyTorch files are zips named .pth.");
        if (entry.IsEncrypted)
            throw member.Error("it is encrypted; extract the archive and write it without a password.");
        if (entry.CompressedLength < 0 || entry.CompressedLength > unclaimed)
            throw member.Error(Text(
                $"it claims {entry.CompressedLength} bytes, but only {unclaimed} are left: members overlap, or the file is corrupt. Download it again."));
        if (!DeflateLimit.Allows(entry.CompressedLength, entry.Length))
            throw member.Error(Text(
                $"{entry.CompressedLength} bytes cannot decompress to the {entry.Length} it claims; it is corrupt or a zip bomb. Download it again."));
        return member;
    }

    /// <summary>Whether an entry is the empty one that zip tools write for a folder.</summary>
    internal static bool IsFolder(ZipArchiveEntry entry) => entry.FullName.EndsWith('/') && entry.Length == 0;

    /// <summary>Opens a stream of the uncompressed bytes; their CRC-32 is not verified.</summary>
    internal Stream Open() => _entry.Open();

    /// <summary>Creates an error that names the member and the file.</summary>
    internal InvalidCheckpointException Error(string problem, Exception? cause = null) => new($"{MessageText.Of(Name)} in {_path}: {problem}", cause!);

    /// <summary>Creates the error for bytes that cannot be decompressed.</summary>
    internal InvalidCheckpointException Damaged(Exception cause) =>
        Error($"its bytes cannot be decompressed ({cause.Message}): the file is corrupt. Download it again.", cause);

    /// <summary>Whether decompressing corrupt data throws this exception. The zip reader and the decompressor have no common exception type.</summary>
    internal static bool IsDamage(Exception e) =>
        e is (InvalidDataException or IOException or ArgumentException or NotSupportedException or OverflowException) and not InvalidCheckpointException;

    private static string Text(FormattableString message) => message.ToString(CultureInfo.InvariantCulture);
}
