// The pixels of an image file, decoded in bands of rows where the format allows it.
using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images.Decoding;

/// <summary>
/// A file that is decoded when its bands are read. Small images are decoded at once. Of large ones, PNG files that are not interlaced and JPEG files that are
/// not turned by their EXIF orientation take the memory of a band; all others take four bytes per pixel, which are freed at once. Valid as long as the codec
/// and the content.
/// </summary>
internal sealed unsafe class DecodedBands : BandedImage
{
    /// <summary>A band has about as many pixels: 768 KiB as red, green and blue.</summary>
    private const int BandPixels = 1 << 18;

    private const long MuchMemoryPixels = 4_000_000;

    private readonly SKCodec _codec;
    private readonly byte* _file;
    private readonly int _length;
    private readonly string _where;
    private readonly ImageDecoding _decoding;
    private readonly SKImageInfo _stored;
    private readonly bool _isProgressive;

    private bool _readWhole;

    private DecodedBands(SKCodec codec, byte* file, int length, string where, ImageDecoding decoding, SKSizeI stored, SKSizeI upright, SKSizeI original)
        : base(upright.Width, upright.Height, original.Width, original.Height)
    {
        _codec = codec;
        _file = file;
        _length = length;
        _where = where;
        _decoding = decoding;
        _isProgressive = codec.EncodedFormat == SKEncodedImageFormat.Jpeg && ProgressiveJpeg.Is(new ReadOnlySpan<byte>(file, length));

        // Without a color space the decoder keeps the file's values.
        _stored = new SKImageInfo(stored.Width, stored.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
    }

    /// <summary>
    /// Whether decoding took 16 MB or more, or may have: for the pixels, for the passes of an interlaced PNG, or for the coefficients of a progressive JPEG, which are
    /// kept at full size even if the image is decoded at a reduced one.
    /// </summary>
    internal bool TookMuchMemory => (long)OriginalWidth * OriginalHeight >= MuchMemoryPixels && (_readWhole || _isProgressive);

    private bool IsTurned => ExifOrientation.SwapsSides(_codec.EncodedOrigin);

    private int RowsPerBand => Math.Clamp(BandPixels / Width, 1, Height);

    /// <summary>Prepares the decoding at full size, or a JPEG's at the scale that <paramref name="decoding"/> chooses.</summary>
    internal static DecodedBands Of(SKCodec codec, byte* file, int length, string where, ImageDecoding decoding)
    {
        SKSizeI stored = codec.Info.Size, original = Upright(stored);
        if (decoding.Reduction is not null && codec.EncodedFormat == SKEncodedImageFormat.Jpeg)
            stored = codec.GetScaledDimensions(1f / decoding.Reduction(original.Width, original.Height));
        return new DecodedBands(codec, file, length, where, decoding, stored, Upright(stored), original);

        SKSizeI Upright(SKSizeI size) => ExifOrientation.SwapsSides(codec.EncodedOrigin) ? new SKSizeI(size.Height, size.Width) : size;
    }

    internal override void ReadBands(BandReader read)
    {
        // What cannot be read in bands to its very end is decoded again as a whole, which gives the exact error.
        bool isLarge = (long)Width * Height > _decoding.PixelsDecodedAtOnce;
        bool done = isLarge && _codec.EncodedFormat switch
        {
            SKEncodedImageFormat.Png => PngBands.TryRead(_file, _length, RowsPerBand, read),
            SKEncodedImageFormat.Jpeg => !IsTurned && TryReadLines(read),
            _ => false,
        };
        if (!done)
            ReadWhole(read);
    }

    private bool TryReadLines(BandReader read)
    {
        if (_codec.StartScanlineDecode(_stored) != SKCodecResult.Success)
            return false;
        bool fromBottom = ExifOrientation.IsFromBottom(_codec.EncodedOrigin);
        var band = new RgbImage(Width, RowsPerBand);
        byte[] rented = ArrayPool<byte>.Shared.Rent(band.Height * _stored.RowBytes);
        try
        {
            for (int line = 0; line < Height; line += band.Height)
            {
                if (Height - line < band.Height)
                    band = new RgbImage(Width, Height - line);
                fixed (byte* rgba = rented)
                {
                    if (_codec.GetScanlines((IntPtr)rgba, band.Height, _stored.RowBytes) != band.Height)
                        return false;
                }

                ExifOrientation.CopyUpright(rented, Width, band.Height, _codec.EncodedOrigin, top: 0, band);
                read(band, fromBottom ? Height - line - band.Height : line);
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void ReadWhole(BandReader read)
    {
        _readWhole = true;
        using var buffer = new PixelBuffer(checked(_stored.Width * _stored.Height * ExifOrientation.StoredChannels));
        ReadPixels(buffer.Bytes);
        if (_codec.EncodedFormat == SKEncodedImageFormat.Gif)
            GifColors.FillTransparentPixels(new ReadOnlySpan<byte>(_file, _length), buffer.Bytes);
        var band = new RgbImage(Width, RowsPerBand);
        for (int top = 0; top < Height; top += band.Height)
        {
            if (Height - top < band.Height)
                band = new RgbImage(Width, Height - top);
            ExifOrientation.CopyUpright(buffer.Bytes, _stored.Width, _stored.Height, _codec.EncodedOrigin, top, band);
            read(band, top);
        }
    }

    private void ReadPixels(Span<byte> rgba)
    {
        // The buffer is used: rows that the codec does not reach must not show its old content.
        if (_decoding.AllowTruncated)
            rgba.Clear();
        SKCodecResult result;
        fixed (byte* pixels = rgba)
            result = _codec.GetPixels(_stored, (IntPtr)pixels);
        if (result != SKCodecResult.Success && !(_decoding.AllowTruncated && result == SKCodecResult.IncompleteInput))
        {
            string format = _codec.EncodedFormat.ToString().ToUpperInvariant();
            throw new InvalidImageException($"{_where} is a {format} image that {Reason(result)}. Replace the file or leave it out{Hint(result)}.");
        }
    }

    private static string Reason(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "ends before the last pixel (an interrupted download or copy?)",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => "has broken or missing pixel data",
        _ => $"cannot be decoded ({result})",
    };

    private static string Hint(SKCodecResult result) =>
        result == SKCodecResult.IncompleteInput ? ", or set ImagePreprocessing.AllowTruncated to accept a partial image" : "";
}

/// <summary>Tells progressive JPEG files from sequential ones.</summary>
internal static class ProgressiveJpeg
{
    private const byte Marker = 0xFF, FirstFrame = 0xC0, LastFrame = 0xCF, HuffmanTables = 0xC4, ArithmeticTables = 0xCC, Progressive = 0xC2;

    /// <summary>Whether the frame header, which comes before the pixels, is that of a progressive JPEG (ITU-T T.81, table B.1).</summary>
    internal static bool Is(ReadOnlySpan<byte> file)
    {
        for (int at = 2; at + 4 <= file.Length && file[at] == Marker; at += 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]))
        {
            byte marker = file[at + 1];
            if (marker is >= FirstFrame and <= LastFrame and not (HuffmanTables or ArithmeticTables))
                return marker == Progressive;
        }

        return false;
    }
}

/// <summary>
/// A buffer for the pixels of one image, with any content. Small ones are pooled. Large ones are native memory that is freed when the buffer is disposed:
/// a pool would keep them, and the garbage collector frees large arrays late.
/// </summary>
internal sealed unsafe class PixelBuffer : IDisposable
{
    private const int MaxPooled = 8 << 20;

    private readonly int _length;
    private readonly byte[]? _pooled;
    private void* _native;

    internal PixelBuffer(int length)
    {
        _length = length;
        if (length <= MaxPooled)
            _pooled = ArrayPool<byte>.Shared.Rent(length);
        else
            _native = NativeMemory.Alloc((nuint)length);
    }

    internal Span<byte> Bytes => _pooled is null ? new Span<byte>(_native, _length) : _pooled.AsSpan(0, _length);

    public void Dispose()
    {
        if (_pooled is not null)
            ArrayPool<byte>.Shared.Return(_pooled);
        NativeMemory.Free(_native);
        _native = null;
    }
}
