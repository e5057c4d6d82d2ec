// One member of an .npz archive: its name, its sizes once they are believed, its bytes.
using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
