// Weights as NumPy archives: the .npz files of the original JAX code and of big_vision.
using System.Collections.ObjectModel;
using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;

/// <summary>An open .npz file: a zip of .npy arrays.</summary>
/// <remarks>
/// <para>Binary format: a zip, each member stored or deflated and named for its array, <c>Transformer/encoder_norm/scale.npy</c>. A member holds:</para>
/// <para>6 bytes: 0x93 and <c>NUMPY</c>; 2 bytes: version 1.0, 2.0 or 3.0; 2 bytes (version 1.0) or 4: header length, little-endian.</para>
/// <para>text: a Python dictionary of <c>descr</c>, <c>fortran_order</c> and <c>shape</c>, padded with blanks; it is parsed, never evaluated.</para>
/// <para>the rest: the values, row-major, or column-major where <c>fortran_order</c> is True.</para>
/// <para>Opening checks every member's header and sizes; a member's CRC-32 is checked when its values are read. One thread reads at a time.</para>
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

    /// <summary>Opens a file and reads the headers of its arrays. Names are the members' names without <c>.npy</c>.</summary>
    /// <exception cref="InvalidCheckpointException">The file is no zip, or a member is no array of a kind that is read here.</exception>
    /// <exception cref="IOException">The file is not there or cannot be opened.</exception>
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
                throw member.Error("the archive has two members of this name; which one is meant cannot be known, so write the file again.");
        }

        if (_tensors.Count == 0)
            throw new InvalidCheckpointException($"{Path} is a zip without members; an .npz checkpoint has one per array. Get the file again.");
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
                $"{Path} is not a whole zip archive, which an .npz file is ({e.Message}): it is cut short, or another kind of file. Get it again.", e);
        }
    }
}

/// <summary>A zip entry whose sizes have been checked against the file it is in.</summary>
internal sealed class NpzMember
{
    private const string Extension = ".npy";

    private readonly string _path;
    private readonly ZipArchiveEntry _entry;

    private NpzMember(string path, ZipArchiveEntry entry, string name) => (_path, _entry, Name) = (path, entry, name);

    /// <summary>The array's name: the member's without <c>.npy</c>.</summary>
    internal string Name { get; }

    /// <summary>Bytes of the member when unpacked, as the archive declares them.</summary>
    internal long Length => _entry.Length;

    /// <summary>CRC-32 of the unpacked bytes, as the archive declares it.</summary>
    internal uint Crc => _entry.Crc32;

    /// <summary>A member of the archive at <paramref name="path"/>, which has <paramref name="unclaimed"/> bytes that no earlier member has taken.</summary>
    /// <exception cref="InvalidCheckpointException">It is no .npy member, is encrypted, or declares sizes that the file cannot hold.</exception>
    internal static NpzMember Check(string path, ZipArchiveEntry entry, long unclaimed)
    {
        string full = entry.FullName;
        bool array = full.EndsWith(Extension, StringComparison.Ordinal);
        var member = new NpzMember(path, entry, array ? full[..^Extension.Length] : full);
        if (!array)
            throw member.Error("the name does not end in .npy: this zip is no .npz checkpoint. A PyTorch file, also a zip, goes by the name .pth.");
        if (entry.IsEncrypted)
            throw member.Error("it is encrypted; unpack the archive with its password and write it without.");
        if (entry.CompressedLength < 0 || entry.CompressedLength > unclaimed)
            throw member.Error(Text(
                $"it claims {entry.CompressedLength} bytes and the file has {unclaimed} left for it: members overlap, or it is damaged. Get it again."));
        if (!DeflateLimit.Allows(entry.CompressedLength, entry.Length))
            throw member.Error(Text(
                $"{entry.CompressedLength} bytes cannot unpack to the {entry.Length} it claims; the file is damaged or made to exhaust memory. Get it again."));
        return member;
    }

    /// <summary>Whether an entry is an empty one that zip tools write for a folder.</summary>
    internal static bool IsFolder(ZipArchiveEntry entry) => entry.FullName.EndsWith('/') && entry.Length == 0;

    /// <summary>The unpacked bytes from the start; their CRC-32 is not verified.</summary>
    internal Stream Open() => _entry.Open();

    /// <summary>An error that says which member of which file.</summary>
    internal InvalidCheckpointException Error(string problem, Exception? cause = null) => new($"{MessageText.Of(Name)} in {_path}: {problem}", cause!);

    /// <summary>The error for bytes that cannot be unpacked.</summary>
    internal InvalidCheckpointException Damaged(Exception cause) =>
        Error($"its bytes cannot be unpacked ({cause.Message}): the file is damaged. Get it again.", cause);

    /// <summary>Whether unpacking fails with this for wrong bytes: the zip reader and the decompressor under it have no single exception.</summary>
    internal static bool IsDamage(Exception e) =>
        e is (InvalidDataException or IOException or ArgumentException or NotSupportedException or OverflowException) and not InvalidCheckpointException;

    private static string Text(FormattableString message) => message.ToString(CultureInfo.InvariantCulture);
}
