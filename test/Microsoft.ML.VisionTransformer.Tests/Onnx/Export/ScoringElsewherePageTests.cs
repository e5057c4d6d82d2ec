// The server configurations in docs/scoring-elsewhere.md match the inputs and outputs of exported files.
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Onnx.Export;

[TestClass]
public sealed partial class ScoringElsewherePageTests
{
    private static readonly string _page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "scoring-elsewhere.md"));

    [TestMethod]
    [DataRow("flowers_raw", OnnxInput.RawRgb)]
    [DataRow("flowers", OnnxInput.NormalizedFloat)]
    public void AServersConfigurationIsThatOfTheFile(string name, OnnxInput input)
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        using var model = TinyTraining.Train(context, TinyTraining.Data(context));
        model.LastTransformer.SaveAsOnnx(folder.File("model.onnx"), new OnnxExportOptions { Input = input });
        using var file = new OnnxRun(folder.File("model.onnx"));
        string block = Block().Matches(_page).Select(match => match.Value).Single(text => text.Contains($"name: \"{name}\"", StringComparison.Ordinal));

        CollectionAssert.AreEqual(Described(file.Inputs, model.LastTransformer), Configured(block, "input"));
        CollectionAssert.AreEqual(Described(file.Outputs, model.LastTransformer), Configured(block, "output"));
    }

    /// <summary>Name, type and dimensions after the batch, whose size must be variable; the tiny network's sizes are replaced by those of the page.</summary>
    private static string[] Described(IReadOnlyDictionary<string, NodeMetadata> values, VisionTransformerPredictionTransformer model) =>
        [.. values.Select(value => $"{value.Key} {Type(value.Value.ElementType)} {string.Join(", ", Sizes(value.Value.Dimensions, model))}")];

    private static string Type(Type element) => element == typeof(byte) ? "TYPE_UINT8" : element == typeof(float) ? "TYPE_FP32" : element.Name;

    private static IEnumerable<int> Sizes(int[] dimensions, VisionTransformerPredictionTransformer model)
    {
        Assert.AreEqual(-1, dimensions[0], "the batch");
        return dimensions is [_, var classes] && classes == model.ClassNames.Count
            ? [5]
            : dimensions.Skip(1).Select(size => size == model.Architecture.ImageSize.Width ? 224 : size);
    }

    private static string[] Configured(string block, string kind) =>
        [.. Value().Matches(block).Select(match => match.Groups).Where(found => found["kind"].Value == kind)
            .Select(found => $"{found["name"]} {found["type"]} {found["dims"].Value.Trim()}")];

    [GeneratedRegex("```protobuf.*?```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("""(?<kind>\w+) \[ \{ name: "(?<name>\w+)" data_type: (?<type>\w+) dims: \[(?<dims>[^\]]*)\]""")]
    private static partial Regex Value();
}
