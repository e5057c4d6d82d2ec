// A row whose label is a key already, so that no transform has to pass over the data first.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class KeyedImage
{
    public byte[] Image { get; set; } = [];

    [KeyType(3)]
    public uint Label { get; set; }

    /// <summary>The colored samples, class by number. ML.NET counts the keys of objects from 0 and adds the 1.</summary>
    internal static KeyedImage[] Make(int perClass) =>
        [.. ColoredSamples.Make(perClass).Select(s => new KeyedImage { Image = s.Image, Label = (uint)Array.IndexOf(ColoredSamples.Classes, s.Label) })];
}
