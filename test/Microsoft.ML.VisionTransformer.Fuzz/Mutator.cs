// Creates damaged files from valid and broken ones; the same number and seed give the same bytes on every machine.
using System.Buffers.Binary;

namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>Thread-safe; each case has its own random stream.</summary>
internal sealed class Mutator
{
    private const int MostSteps = 4;
    private const int HeaderLength = 64;

    private static readonly uint[] _boundaryValues = [0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

    private readonly byte[][] _corpus;
    private readonly int _seed;

    /// <param name="corpus">Files to start from, none of them empty.</param>
    /// <param name="seed">Seed of the run.</param>
    internal Mutator(IEnumerable<byte[]> corpus, int seed)
    {
        _corpus = [.. corpus.Where(f => f.Length > 0)];
        _seed = seed;
    }

    /// <summary>The given files and the files below the given folders, in an order that is the same everywhere.</summary>
    internal static IEnumerable<byte[]> Read(IEnumerable<string> paths) => paths
        .SelectMany(p => Directory.Exists(p) ? Directory.GetFiles(p, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : Enumerable.Repeat(p, 1))
        .Select(File.ReadAllBytes);

    /// <summary>Returns the damaged file of a case.</summary>
    internal byte[] Make(int number)
    {
        var random = new Random(unchecked(_seed * 1_000_003 + number));
        byte[] file = [.. _corpus[random.Next(_corpus.Length)]];
        for (int steps = random.Next(2) == 0 ? 1 : 1 + random.Next(MostSteps); steps > 0 && file.Length > 0; steps--)
            file = Step(file, random);
        if (random.Next(2) == 0)
            PngChecksums.Repair(file);
        return file;
    }

    private byte[] Step(byte[] file, Random random)
    {
        switch (random.Next(9))
        {
            case 0:
                return FlipBits(file, file.Length, random);
            case 1:
                return FlipBits(file, Math.Min(file.Length, HeaderLength), random);
            case 2:
                return file[..random.Next(file.Length + 1)];
            case 3:
                return SwapBlocks(file, random);
            case 4:
                return WriteNumber(file, random.Next(file.Length), random);
            case 5:
                return WriteNumber(file, random.Next(Math.Min(file.Length, HeaderLength)), random);
            case 6:
                return WriteNumber(file, AfterMarker(file, random), random);
            case 7:
                return RepeatOrRemove(file, random);
            default:
                byte[] other = _corpus[random.Next(_corpus.Length)];
                return [.. file[..random.Next(file.Length)], .. other[random.Next(other.Length)..]];
        }
    }

    private static byte[] FlipBits(byte[] file, int length, Random random)
    {
        for (int flips = 1 << random.Next(6); flips > 0; flips--)
            file[random.Next(length)] ^= (byte)(1 << random.Next(8));
        return file;
    }

    private static byte[] SwapBlocks(byte[] file, Random random)
    {
        int length = 1 + random.Next(Math.Max(1, file.Length / 4)), a = random.Next(file.Length - length + 1), b = random.Next(file.Length - length + 1);
        byte[] kept = file[a..(a + length)];
        file.AsSpan(b, length).CopyTo(file.AsSpan(a));
        kept.CopyTo(file, b);
        return file;
    }

    private static byte[] RepeatOrRemove(byte[] file, Random random)
    {
        int length = 1 + random.Next(Math.Max(1, file.Length / 4)), at = random.Next(file.Length - length + 1);
        return random.Next(2) == 0 ? [.. file[..at], .. file[(at + length)..]] : [.. file[..(at + length)], .. file[at..]];
    }

    /// <summary>Writes a boundary value of one, two or four bytes in either byte order.</summary>
    private static byte[] WriteNumber(byte[] file, int at, Random random)
    {
        uint number = random.Next(4) == 0 ? (uint)random.NextInt64(uint.MaxValue) : _boundaryValues[random.Next(_boundaryValues.Length)];
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        bytes = bytes[..(1 << random.Next(3))];
        if (random.Next(2) == 0)
            bytes.Reverse();
        bytes[..Math.Min(bytes.Length, file.Length - at)].CopyTo(file.AsSpan(at));
        return file;
    }

    /// <summary>A position where a length or size is likely: after a JPEG marker, or before or after a chunk name of PNG or RIFF.</summary>
    private static int AfterMarker(byte[] file, Random random)
    {
        var positions = new List<int>();
        for (int i = 0; i + 4 < file.Length; i++)
        {
            if (file[i] == 0xFF && file[i + 1] >= 0xC0)
                positions.Add(i + 2 + random.Next(8));
            if (file.AsSpan(i, 4).IndexOfAnyExceptInRange((byte)'A', (byte)'z') < 0)
                positions.Add(Math.Max(0, i - 4) + random.Next(16));
        }

        return Math.Min(positions.Count == 0 ? random.Next(file.Length) : positions[random.Next(positions.Count)], file.Length - 1);
    }
}
