// Two rows of pixels that are resized together, so that one vector holds a pixel of each.
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Two rows of the same length, three bytes a pixel.</summary>
internal readonly ref struct RowPair(ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lower)
{
    private readonly ReadOnlySpan<byte> _upper = upper;
    private readonly ReadOnlySpan<byte> _lower = lower;

    /// <summary>
    /// Pixels from <paramref name="first"/> on as whole numbers: red, green, blue and one number of no meaning of the upper row, then those of
    /// the lower row.
    /// </summary>
    internal void Widen(int first, Span<Vector256<int>> pixels)
    {
        int at = first * RgbImage.Channels;
        foreach (ref var pixel in pixels)
        {
            pixel = Vector256.Create(Widen(_upper, at), Widen(_lower, at));
            at += RgbImage.Channels;
        }
    }

    private static Vector128<int> Widen(ReadOnlySpan<byte> row, int at)
    {
        // Four bytes at once, but for the last pixel, which has no fourth.
        uint bytes = at + sizeof(uint) <= row.Length
            ? MemoryMarshal.Read<uint>(row[at..])
            : row[at] | (uint)row[at + 1] << 8 | (uint)row[at + 2] << 16;
        return Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(bytes).AsByte())).AsInt32();
    }
}
