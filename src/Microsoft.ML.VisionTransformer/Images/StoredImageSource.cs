// An image whose content lies in the file of an image store until a batch needs it.
using System.IO.Hashing;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <param name="bytes">Where the content is.</param>
/// <param name="revive">Reads the content and gives the image as it was before it was stored.</param>
internal sealed class StoredImageSource(StoredBytes bytes, Func<StoredBytes, ImageSource> revive) : ImageSource
{
    internal override void Fill(ImageToInput converter, RandomStream? random, Span<float> chw) => revive(bytes).Fill(converter, random, chw);

    internal override void AddTo(XxHash128 hash) => revive(bytes).AddTo(hash);
}
