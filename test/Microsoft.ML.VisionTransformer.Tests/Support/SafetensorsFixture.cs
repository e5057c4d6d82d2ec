// Reads the float32 tensors of a trusted .safetensors file of the tests; the library's own reader is what other tests are about.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class SafetensorsFixture
{
    /// <summary>All tensors by name. The caller disposes them.</summary>
    internal static Dictionary<string, Tensor> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int headerLength = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file));
        using var header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        var tensors = new Dictionary<string, Tensor>();
        foreach (var entry in header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            Assert.AreEqual("F32", entry.Value.GetProperty("dtype").GetString(), $"{entry.Name} in {path}");
            long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
            int[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt32())];
            var data = file.AsSpan(8 + headerLength)[offsets[0]..offsets[1]];
            tensors.Add(entry.Name, tensor(MemoryMarshal.Cast<byte, float>(data).ToArray(), shape));
        }

        return tensors;
    }
}
