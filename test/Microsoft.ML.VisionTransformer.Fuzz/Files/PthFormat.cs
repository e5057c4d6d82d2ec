// Mutates the pickles of PyTorch files: changed, truncated or built from random operations, in a valid or broken archive.
using System.IO.Compression;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal sealed class PthFormat(string root) : CheckpointFormat
{
    private const int Format = 6, MostOperations = 20_000, UnchangedEvery = 20;

    /// <summary>Operations without arguments in the pickle, including those that let values grow.</summary>
    private static readonly byte[] _operations = [.. "(012]}).tldaesubRQN"u8, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x93, 0x94];

    private readonly byte[][] _files =
    [
        .. new[] { "pytorch/state_dict.pth", "pytorch/protocol4.pth", "pytorch/views_of_one_storage.pth", "pytorch/bf16.pth", "pytorch/model_epoch.pth" }
            .Select(name => File.ReadAllBytes(Path.Combine(root, name))),
    ];

    internal override byte[] Make(int number)
    {
        var random = RandomOf(Format, number);
        byte[] file = _files[random.Next(_files.Length)];
        if (random.Next(UnchangedEvery) == 0)
            return file;
        if (random.Next(4) == 0)
            return ByteMutator.Change(file, random);
        var entries = ZipBytes.Read(file);
        int index = entries.FindIndex(entry => entry.Name.EndsWith("data.pkl", StringComparison.Ordinal));
        var (name, pickle) = entries[index];
        entries[index] = (name, random.Next(4) switch
        {
            0 => [0x80, 2, .. Operations(random), (byte)'.'],
            1 => Inserted(pickle, random),
            _ => ByteMutator.Change(pickle, random),
        });
        return ZipBytes.Write(entries, CompressionLevel.NoCompression);
    }

    private static byte[] Inserted(byte[] pickle, Random random)
    {
        int at = 2 + random.Next(pickle.Length - 2);
        return [.. pickle[..at], .. Operations(random), .. pickle[at..]];
    }

    /// <summary>A few operations, or one pattern repeated very often, which is a pickle bomb.</summary>
    private static byte[] Operations(Random random)
    {
        byte[] pattern = [.. Enumerable.Range(0, 1 + random.Next(6)).SelectMany(_ => Operation(random))];
        int repeats = random.Next(3) == 0 ? random.Next(MostOperations / pattern.Length) : 1;
        return [.. Enumerable.Repeat(pattern, repeats).SelectMany(bytes => bytes)];
    }

    private static byte[] Operation(Random random) => random.Next(8) switch
    {
        0 => [(byte)'q', (byte)random.Next(4)],
        1 => [(byte)'h', (byte)random.Next(4)],
        2 => [(byte)'K', (byte)random.Next(256)],
        3 => [0x8c, 1, (byte)'w'],
        4 => [0x8a, (byte)random.Next(9), .. Enumerable.Range(0, 8).Select(_ => (byte)random.Next(256))],
        _ => [_operations[random.Next(_operations.Length)]],
    };
}
