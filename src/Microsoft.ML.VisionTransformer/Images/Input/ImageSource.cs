// One image of a data set in the form its column provides (file, bytes, decoded, pixels, stored), decoded when a batch needs it.
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Images.Input;

/// <summary>One image of a data set, converted to network input when it is needed. Immutable and thread-safe.</summary>
internal abstract class ImageSource
{
    /// <summary>Writes the network's input [channels, height, width].</summary>
    /// <param name="converter">Converts images to network input.</param>
    /// <param name="random">The random stream of this row and epoch in training; null for prediction.</param>
    /// <param name="chw">Receives the input.</param>
    /// <exception cref="InvalidImageException">The image cannot be read.</exception>
    internal abstract void Fill(ImagePreprocessor converter, RandomStream? random, Span<float> chw);

    /// <summary>The image's content in memory, which an <see cref="ImageStore"/> can move to a file; empty if it is negligible.</summary>
    internal virtual ReadOnlySpan<byte> Content => [];

    /// <summary>The same image with its own copy of the content, if the content is borrowed.</summary>
    internal virtual ImageSource Owned() => this;

    /// <summary>The same image with its content read from <paramref name="bytes"/>.</summary>
    internal virtual ImageSource StoredAt(StoredBytes bytes) => this;

    /// <summary>Adds everything that the network's input depends on: the full content, independent of its location and file name.</summary>
    /// <exception cref="InvalidImageException">The image cannot be read.</exception>
    internal virtual void AddTo(XxHash128 hash) => hash.Append(Content);
}

/// <summary>One image that is decoded, in contrast to pixels that the user prepared.</summary>
internal abstract class DecodedSource : ImageSource
{
    internal sealed override void Fill(ImagePreprocessor converter, RandomStream? random, Span<float> chw) =>
        converter.Finish(Decode(converter.Decoding(random), image => converter.View(image, random)), random, chw);

    /// <summary>The image as a whole, to be shown.</summary>
    /// <param name="converter">Computes the position of the image in the network's input.</param>
    /// <param name="longestSide">Longest side of the result in pixels.</param>
    /// <exception cref="InvalidImageException">The image cannot be read.</exception>
    internal ShownPhoto Show(ImagePreprocessor converter, int longestSide)
    {
        PlaceInInput place = default;
        var whole = Decode(converter.DecodingOfWhole(longestSide), image =>
        {
            place = converter.Place(image.OriginalWidth, image.OriginalHeight);
            return ImagePreprocessor.Whole(image, longestSide);
        });
        return new ShownPhoto(whole, place);
    }

    /// <summary>Decodes the image while <paramref name="view"/> reads it.</summary>
    private protected abstract RgbImage Decode(ImageDecoding decoding, Func<BandedImage, RgbImage> view);
}

/// <summary>The content of an image file, in memory.</summary>
internal sealed class EncodedImageSource(byte[] encoded, string where) : DecodedSource
{
    private protected override RgbImage Decode(ImageDecoding decoding, Func<BandedImage, RgbImage> view) => ImageDecoder.Decode(encoded, where, decoding, view);

    internal override ReadOnlySpan<byte> Content => encoded;

    internal override ImageSource StoredAt(StoredBytes bytes) => From(bytes);

    /// <summary>An image whose encoded content is in an image store.</summary>
    internal static ImageSource From(StoredBytes bytes) =>
        new StoredImageSource(bytes, static b => new EncodedImageSource(b.Read(), b.Location.ToString()));
}

/// <summary>An image file, read again each time.</summary>
internal sealed class ImageFileSource(string path, string where) : DecodedSource
{
    private protected override RgbImage Decode(ImageDecoding decoding, Func<BandedImage, RgbImage> view) => ImageFile.Decode(path, where, decoding, view);

    internal override void AddTo(XxHash128 hash) => hash.Append(ImageFile.Read(path, where));
}

/// <summary>An image that was already decoded.</summary>
internal sealed class DecodedImageSource(RgbImage image) : DecodedSource
{
    private protected override RgbImage Decode(ImageDecoding decoding, Func<BandedImage, RgbImage> view) => view(image);

    internal override ReadOnlySpan<byte> Content => image.Pixels;

    /// <summary>Includes the width: the same bytes in rows of another length are a different image.</summary>
    internal override void AddTo(XxHash128 hash)
    {
        Span<byte> width = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(width, image.Width);
        hash.Append(width);
        hash.Append(Content);
    }

    internal override ImageSource StoredAt(StoredBytes bytes)
    {
        var (width, height) = (image.Width, image.Height);
        return new StoredImageSource(bytes, b => new DecodedImageSource(new RgbImage(width, height, b.Read())));
    }
}

/// <summary>An image that could not be read from its column. Every use throws the reason.</summary>
internal sealed class UnreadableImageSource(InvalidImageException reason) : ImageSource
{
    internal override void Fill(ImagePreprocessor converter, RandomStream? random, Span<float> chw) => throw Reason();

    internal override void AddTo(XxHash128 hash) => throw Reason();

    private InvalidImageException Reason() => new(reason.Message, reason);
}

/// <summary>Pixels that the user prepared, [channels, height, width]: used unchanged in prediction; training flips and erases, but does not crop.</summary>
internal sealed class PixelVectorSource(float[] pixels) : ImageSource
{
    internal override void Fill(ImagePreprocessor converter, RandomStream? random, Span<float> chw)
    {
        if (random is null)
            pixels.CopyTo(chw);
        else
            converter.ForTraining(pixels, random, chw);
    }

    internal override ReadOnlySpan<byte> Content => MemoryMarshal.AsBytes(pixels.AsSpan());

    internal override ImageSource StoredAt(StoredBytes bytes) => new StoredImageSource(bytes, static b =>
    {
        float[] values = GC.AllocateUninitializedArray<float>(b.Length / sizeof(float));
        b.Read(MemoryMarshal.AsBytes(values.AsSpan()));
        return new PixelVectorSource(values);
    });
}

/// <summary>
/// The content of an image file in a buffer that the next row overwrites. Valid until the next row is read; <see cref="Owned"/> and
/// <see cref="StoredAt"/> return images that stay valid.
/// </summary>
internal sealed class BorrowedImageSource(ReadOnlyMemory<byte> encoded, string where) : DecodedSource
{
    internal override ReadOnlySpan<byte> Content => encoded.Span;

    private protected override RgbImage Decode(ImageDecoding decoding, Func<BandedImage, RgbImage> view) => ImageDecoder.Decode(encoded.Span, where, decoding, view);

    internal override ImageSource Owned() => new EncodedImageSource(encoded.ToArray(), where);

    internal override ImageSource StoredAt(StoredBytes bytes) => EncodedImageSource.From(bytes);
}

/// <summary>An image whose content is in the file of an image store until a batch needs it.</summary>
/// <param name="bytes">Location of the content.</param>
/// <param name="load">Reads the content and returns the image as it was before it was stored.</param>
internal sealed class StoredImageSource(StoredBytes bytes, Func<StoredBytes, ImageSource> load) : ImageSource
{
    internal override void Fill(ImagePreprocessor converter, RandomStream? random, Span<float> chw) => load(bytes).Fill(converter, random, chw);

    internal override void AddTo(XxHash128 hash) => load(bytes).AddTo(hash);
}
