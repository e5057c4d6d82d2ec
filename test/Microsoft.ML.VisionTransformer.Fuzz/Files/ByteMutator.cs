// Changes bytes without regard to the format.
using System.Buffers.Binary;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal static class ByteMutator
{
    private static readonly ulong[] _values =
    [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x3fffffffffffffff, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
    ];

    /// <summary>The bytes with one to four changes, among the first <paramref name="most"/> of them.</summary>
    internal static byte[] Change(byte[] bytes, Random random, int most = int.MaxValue)
    {
        byte[] changed = [.. bytes];
        for (int steps = 1 + random.Next(4); steps > 0 && changed.Length > 0; steps--)
        {
            int length = Math.Min(changed.Length, most), at = random.Next(length);
            changed = random.Next(6) switch
            {
                0 => changed[..at],
                1 => [.. changed[..at], .. changed[random.Next(changed.Length)..]],
                2 => [.. changed[..at], .. Some(changed, random), .. changed[at..]],
                3 => WithNumber(changed, at, random),
                _ => Flipped(changed, at, random),
            };
        }

        return changed;
    }

    private static byte[] Some(byte[] bytes, Random random)
    {
        int from = random.Next(bytes.Length);
        return bytes[from..Math.Min(bytes.Length, from + 1 + random.Next(64))];
    }

    private static byte[] Flipped(byte[] bytes, int at, Random random)
    {
        bytes[at] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    private static byte[] WithNumber(byte[] bytes, int at, Random random)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, _values[random.Next(_values.Length)]);
        number = number[..(1 << random.Next(4))];
        number[..Math.Min(number.Length, bytes.Length - at)].CopyTo(bytes.AsSpan(at));
        return bytes;
    }
}
