// The forced garbage collections for images that are never disposed.
using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Images.Input;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Input;

[TestClass]
public sealed class UnreleasedImagesTests
{
    [TestMethod]
    public void TheyAreCollected_OnceTheirPixelsReachTheBound()
    {
        const int Side = 4096;    // 64 MiB each
        var unreleased = new UnreleasedImages();
        WeakReference[] made = [.. Enumerable.Range(0, 20).Select(_ => Make())];

        for (int i = 1; i < UnreleasedImages.MaxBytes / (4L * Side * Side); i++)
            unreleased.Add(Side, Side);
        int before = GC.CollectionCount(1);
        unreleased.Add(Side, Side);

        Assert.IsGreaterThan(before, GC.CollectionCount(1));
        Assert.IsFalse(Array.Exists(made, image => image.IsAlive));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Make() => new(MLImage.CreateFromPixels(1, 1, MLPixelFormat.Rgba32, new byte[4]));
}
