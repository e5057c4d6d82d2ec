// Builds safetensors files by hand, valid or broken.
using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class SafetensorsBytes
{
    /// <summary>Header length, header unchanged, data.</summary>
    internal static byte[] Make(string header, params byte[] data) => Make(Encoding.UTF8.GetBytes(header), data);

    internal static byte[] Make(byte[] header, params byte[] data) => WithLength((ulong)header.Length, [.. header, .. data]);

    /// <summary>A file that declares a header length, independent of the content after it.</summary>
    internal static byte[] WithLength(ulong length, params byte[] rest)
    {
        byte[] file = new byte[8 + rest.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        rest.CopyTo(file, 8);
        return file;
    }

    /// <summary>One entry of a header.</summary>
    internal static string Entry(string name, string type, string shape, string offsets) =>
        $$"""  "{{name}}": {"dtype": "{{type}}", "shape": {{shape}}, "data_offsets": {{offsets}} }  """.Trim();
}
