// The content of an image file in a buffer that the next row overwrites.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Good until the next row is read; <see cref="Owned"/> and <see cref="StoredAt"/> give images that last.</summary>
internal sealed class BorrowedImageSource(ReadOnlyMemory<byte> encoded, string where) : ImageSource
{
    internal override ReadOnlySpan<byte> Content => encoded.Span;

    internal override void Fill(ImageToInput converter, RandomStream? random, Span<float> chw) => Owned().Fill(converter, random, chw);

    internal override ImageSource Owned() => new EncodedImageSource(encoded.ToArray(), where);

    internal override ImageSource StoredAt(StoredBytes bytes) => EncodedImageSource.In(bytes);
}
