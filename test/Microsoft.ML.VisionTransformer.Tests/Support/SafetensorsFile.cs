// A small safetensors reader for golden values in trusted files, independent of the reader under test.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class SafetensorsFile
{
    private readonly byte[] _content;
    private readonly int _data;
    private readonly JsonElement _header;

    private SafetensorsFile(byte[] content)
    {
        _content = content;
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(content);
        _data = 8 + header;
        _header = JsonDocument.Parse(content.AsMemory(8, header)).RootElement;
    }

    internal static SafetensorsFile Read(string path) => new(File.ReadAllBytes(path));

    internal IEnumerable<string> Names => _header.EnumerateObject().Select(p => p.Name).Where(n => n != "__metadata__");

    internal bool Has(string name) => _header.TryGetProperty(name, out _);

    internal long[] Shape(string name) => [.. _header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];

    /// <summary>The values of a tensor of type F32.</summary>
    internal float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Raw(name, "F32")).ToArray();

    /// <summary>The values of a tensor of type U8.</summary>
    internal byte[] Bytes(string name) => Raw(name, "U8").ToArray();

    /// <summary>The values of a tensor of type I64.</summary>
    internal long[] Int64s(string name) => MemoryMarshal.Cast<byte, long>(Raw(name, "I64")).ToArray();

    /// <summary>All tensors, which must be of type F32, by name. The caller disposes them.</summary>
    internal Dictionary<string, torch.Tensor> Tensors() => Names.ToDictionary(n => n, n => torch.tensor(Floats(n), Shape(n)));

    private Span<byte> Raw(string name, string type)
    {
        var tensor = _header.GetProperty(name);
        Assert.AreEqual(type, tensor.GetProperty("dtype").GetString(), name);
        int from = tensor.GetProperty("data_offsets")[0].GetInt32(), to = tensor.GetProperty("data_offsets")[1].GetInt32();
        return _content.AsSpan(_data + from, to - from);
    }
}
