// Builds pickles and their archives operation by operation, valid or not.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

/// <summary>Each method appends one operation, or the few that make one value.</summary>
internal sealed class PthPickle
{
    private readonly List<byte> _bytes = [];

    internal PthPickle(byte protocol = 2) => Raw(0x80, protocol);

    internal PthPickle Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    internal PthPickle Code(string codes) => Raw(Encoding.ASCII.GetBytes(codes));

    internal PthPickle Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Code("X").Int32(bytes.Length).Raw(bytes);
    }

    internal PthPickle Number(int value) => Code("J").Int32(value);

    internal PthPickle Global(string module, string name) => Code($"c{module}\n{name}\n");

    internal PthPickle Values(params int[] values)
    {
        Code("(");
        foreach (int value in values)
            Number(value);
        return Code("t");
    }

    internal PthPickle Storage(string type, string key, int count) =>
        Code("(").Text("storage").Global("torch", type).Text(key).Text("cpu").Number(count).Code("tQ");

    internal PthPickle Tensor(int count, int offset, int[] shape, int[] strides, string type = "FloatStorage", string key = "0") =>
        Global("torch._utils", "_rebuild_tensor_v2").Code("(").Storage(type, key, count).Number(offset).Values(shape).Values(strides)
            .Raw(0x89).Global("collections", "OrderedDict").Code(")RtR");

    /// <summary>A dict of one tensor named <c>w</c>.</summary>
    internal static PthPickle OneTensor(int count, int offset, int[] shape, int[] strides, string type = "FloatStorage") =>
        new PthPickle().Code("}").Text("w").Tensor(count, offset, shape, strides, type).Code("s.");

    internal byte[] ToArray() => [.. _bytes];

    /// <summary>Writes the archive with this pickle and the given entries below its folder.</summary>
    internal string Save(string path, params (string Name, byte[] Content)[] entries)
    {
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, content) in entries.Prepend(("data.pkl", ToArray())))
        {
            using var stream = zip.CreateEntry("any/" + name, CompressionLevel.NoCompression).Open();
            stream.Write(content);
        }

        return path;
    }

    /// <summary>The values as a float32 storage.</summary>
    internal static byte[] Floats(params float[] values)
    {
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return bytes;
    }

    private PthPickle Int32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }
}
