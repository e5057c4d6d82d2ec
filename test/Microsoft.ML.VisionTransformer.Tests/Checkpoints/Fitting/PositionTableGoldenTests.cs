// Position tables resampled by the frameworks, compared with this library.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed partial class PositionTableGoldenTests
{
    /// <summary>What the golden data's README gives for resampled tables.</summary>
    private const double Tolerance = 1e-5;

    private const int Patch = 8;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("timm_bicubic_antialias", PositionResampling.Timm)]
    [DataRow("bicubic", PositionResampling.HuggingFace)]
    [DataRow("dinov2_offset_0.1", PositionResampling.Dinov2Original)]
    [DataRow("bilinear", PositionResampling.Bilinear)]
    [DataRow("jax_zoom", PositionResampling.CornersAligned)]
    public void EveryTableOfAMethod_IsReproduced(string method, object kind)
    {
        var tables = SafetensorsFile.Read(Golden("pos_embed_resample", "table.safetensors"));
        var models = SafetensorsFile.Read(Golden("pos_embed_resample", "io.safetensors"));
        var weights = SafetensorsFile.Read(Golden("vit_plain", "weights.safetensors"));
        var differences = Compare(tables, method, tables.Floats("source_7x7"), new PositionTableShape(1, 7, 8), patch: 1, (PositionResampling)kind)
            .Concat(Compare(models, method, weights.Floats("pos_embed"), new PositionTableShape(1, 4, 32), Patch, (PositionResampling)kind)).ToArray();

        Assert.HasCount(6 + 4, differences);
        TestContext.WriteLine($"{method}: largest difference {differences.Max():g3}");
        Assert.IsLessThanOrEqualTo(Tolerance, differences.Max());
    }

    /// <summary>The largest difference of each table of that method in a file, whose name holds rows and columns as multiples of the patch.</summary>
    private static IEnumerable<double> Compare(
        SafetensorsFile file, string method, float[] table, PositionTableShape shape, int patch, PositionResampling kind)
    {
        foreach (string name in file.Names)
        {
            var match = TableName().Match(name);
            if (!match.Success || (match.Groups["method"].Success ? match.Groups["method"].Value : "timm_bicubic_antialias") != method)
                continue;
            var to = new ImageDimensions(int.Parse(match.Groups["rows"].ValueSpan) / patch, int.Parse(match.Groups["columns"].ValueSpan) / patch);
            float[] result = new float[(shape with { Grid = to }).Count];
            PositionTable.Resample(table, shape, result, to, kind);
            yield return file.Floats(name).Zip(result, (e, f) => Math.Abs((double)e - f)).Max();
        }
    }

    private static string Golden(params string[] parts) => TestData.Path(["golden", "model", .. parts]);

    [GeneratedRegex(@"^(pos_embed_)?(?<rows>\d+)x(?<columns>\d+)(\.(?<method>.+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex TableName();
}
