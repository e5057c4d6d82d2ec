// Text in pictures: cut to the width, and no font at all.
using Microsoft.ML.VisionTransformer.Explain;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Explain;

[TestClass]
public sealed class LabelFontTests
{
    [TestMethod]
    [DataRow("tulips", 13, "tulips 82.5%")]
    [DataRow("tulips", 12, "tulips 82.5%")]
    [DataRow("tulips", 11, "tu... 82.5%")]
    [DataRow("a tulip", 11, "a... 82.5%")]
    [DataRow("tulips", 5, "82.5%")]
    public void ALongNameIsCutAndTheProbabilityStays(string name, int width, string expected)
    {
        string fitted = LabelFont.Fit(name, " 82.5%", width, text => text.Length);

        Assert.AreEqual(expected, fitted);
    }

    [TestMethod]
    public void WithoutTypefacesThereIsNoFont()
    {
        Assert.IsNull(LabelFont.Find(() => []));
        using var empty = SKTypeface.CreateDefault();
        Assert.AreEqual(empty.ContainsGlyphs("Ag0"), LabelFont.Find(() => [empty]) is not null);
    }
}
