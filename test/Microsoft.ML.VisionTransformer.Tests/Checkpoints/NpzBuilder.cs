// Writes valid and invalid .npz files for tests.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

internal sealed class NpzBuilder
{
    private readonly List<(string Name, byte[] Content, CompressionLevel Level)> _members = [];

    /// <summary>A header for an array of these values.</summary>
    internal static string Header(string descr, string shape, bool fortranOrder = false) =>
        $"{{'descr': '{descr}', 'fortran_order': {(fortranOrder ? "True" : "False")}, 'shape': {shape}, }}  \n";

    /// <summary>A .npy array: magic, version, header length, header, values.</summary>
    internal static byte[] Array(string header, byte[] values, byte major = 1, byte minor = 0)
    {
        byte[] text = (major == 3 ? Encoding.UTF8 : Encoding.Latin1).GetBytes(header);
        byte[] length = new byte[major == 1 ? 2 : 4];
        if (major == 1)
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        return [0x93, .. "NUMPY"u8, major, minor, .. length, .. text, .. values];
    }

    internal static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    internal NpzBuilder Add(string name, byte[] content, CompressionLevel level = CompressionLevel.NoCompression)
    {
        _members.Add((name, content, level));
        return this;
    }

    internal byte[] ToBytes()
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, level) in _members)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return bytes.ToArray();
    }
}
