// Mutates safetensors files: the header as JSON with a correct or wrong length, and the bytes of the file.
using System.Buffers.Binary;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal sealed class SafetensorsFormat(string root) : CheckpointFormat
{
    private const int Format = 1, LengthBytes = 8, UnchangedEvery = 20;

    private readonly byte[][] _files =
    [
        .. new[] { "torchvision/vit.safetensors", "dtype/bf16.safetensors", "dtype/mixed_bf16_f32.safetensors", "timm/model.safetensors" }
            .Select(name => File.ReadAllBytes(Path.Combine(root, name))),
    ];

    internal override byte[] Make(int number)
    {
        var random = RandomOf(Format, number);
        byte[] file = _files[random.Next(_files.Length)];
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        if (random.Next(UnchangedEvery) == 0)
            return file;
        if (random.Next(4) == 0)
            return ByteMutator.Change(file, random, random.Next(2) == 0 ? LengthBytes + header : int.MaxValue);
        byte[] json = JsonMutator.Change(file[LengthBytes..(LengthBytes + header)], random);
        byte[] length = new byte[LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        return [.. length, .. json, .. file[(LengthBytes + header)..]];
    }
}
