// Weights as NumPy archives: the .npz files of the original JAX code and of big_vision.
using System.Collections.ObjectModel;
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
