// A row with a key label, which needs no transform that passes over the data first.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class KeyedImage
{
    public byte[] Image { get; set; } = [];

    [KeyType(3)]
    public uint Label { get; set; }

    /// <summary>The colored samples, classes as numbers. ML.NET expects keys in objects to start at 0 and adds 1.</summary>
    internal static KeyedImage[] Make(int perClass) =>
        [.. ColoredSamples.Make(perClass).Select(s => new KeyedImage { Image = s.Image, Label = (uint)Array.IndexOf(ColoredSamples.Classes, s.Label) })];
}
