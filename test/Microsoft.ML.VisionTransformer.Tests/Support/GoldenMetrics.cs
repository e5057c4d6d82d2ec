// Golden scores and their metrics (test/Data/golden/metrics).
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class GoldenMetrics
{
    private readonly JsonElement _case;

    /// <param name="name">"main" or "edge".</param>
    internal GoldenMetrics(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestData.Path("golden", "metrics", "metrics.json")));
        _case = document.RootElement.GetProperty(name).Clone();
    }

    internal int[] Labels => _case.GetProperty("labels").Deserialize<int[]>()!;

    internal double[][] Probabilities => _case.GetProperty("probabilities").Deserialize<double[][]>()!;

    /// <summary>Row after row.</summary>
    internal float[] Logits => [.. _case.GetProperty("logits").Deserialize<float[][]>()!.SelectMany(row => row)];

    internal double Expected(string name) => _case.GetProperty("expected").GetProperty(name).GetDouble();

    internal JsonElement Temperature => _case.GetProperty("temperature");
}
