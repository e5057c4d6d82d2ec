// Presets against timm's published parameter counts, which detect a wrong size, part or class count.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Architecture;

[TestClass]
public sealed class PresetParameterCountTests
{
    [TestMethod]
    [DynamicData(nameof(Published))]
    public void APresetHasAsManyParametersAsTimmPublishes(string name, int image, int classes, string millions)
    {
        var architecture = VisionTransformerArchitecture.Parse(name) with { ImageSize = image };
        if (name.Contains('.', StringComparison.Ordinal))
            Assert.AreEqual(classes, architecture.Classes);
        Assert.AreEqual(millions, (Count(architecture with { Classes = classes }) / 1e6).ToString("F2", CultureInfo.InvariantCulture));
    }

    public static IEnumerable<object[]> Published() =>
        File.ReadLines(TestData.Path("timm-presets", "parameter-counts.csv"))
            .Skip(1)
            .Select(line => line.Split(','))
            .Select(cells => new object[] { cells[0], Whole(cells[1]), Whole(cells[2]), cells[3] });

    private static int Whole(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);

    /// <summary>Computed independently of the library's parameter table.</summary>
    private static double Count(VisionTransformerArchitecture a)
    {
        double d = a.EmbeddingDimension, hidden = a.MlpHiddenDimension, norm = 2 * d, plainHidden = (int)(d * a.MlpRatio);
        double patches = d * a.Channels * a.PatchSize.Height * a.PatchSize.Width + (a.PatchBias ? d : 0);
        double positions = a.PositionEmbedding == PositionEmbedding.Learned ? a.PositionCount * d : 0;
        double attention = 4 * d * d + d + (a.QkvBias ? (a.KeyBias ? 3 : 2) * d : 0) + (a.AttentionNorm ? norm : 0);
        double mlp = (a.Mlp == MlpKind.SwiGlu ? 2 : 1) * (d + 1) * hidden + (hidden + 1) * d + (a.MlpNorm ? 2 * hidden : 0);
        double block = 2 * norm + attention + mlp + (a.LayerScale is null ? 0 : 2 * d);
        double pool = a.Pooling == TokenPooling.Attention ? d + 4 * (d + 1) * d + norm + (d + 1) * plainHidden + (plainHidden + 1) * d : 0;
        double heads = (a.DistillationToken ? 2 : 1) * a.Classes * (d + 1);
        return patches + a.PrefixTokens * d + positions + (a.PreNorm ? norm : 0) + a.Depth * block + norm + pool + heads;
    }
}
