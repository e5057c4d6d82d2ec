// The diff of the migration page: its old side compiles with ImageClassification, its new side with this library.
using Microsoft.ML.VisionTransformer.DocsTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests;

[TestClass]
public sealed class MigrationTests
{
    private const string Page = "docs/migration.md";

    /// <summary>The signatures of <c>Microsoft.ML.Vision</c> 5.0.1 that such programs use; the package itself is not on every feed and would bring TensorFlow.</summary>
    private const string ImageClassification = """
        namespace Microsoft.ML.Vision
        {
            public sealed class ImageClassificationTrainer : IEstimator<ITransformer>
            {
                public enum Architecture { ResnetV2101, InceptionV3, MobilenetV2, ResnetV250 }

                public sealed class ImageClassificationMetrics { }

                public sealed class Options
                {
                    public string LabelColumnName = "Label", FeatureColumnName = "Features", ScoreColumnName = "Score", PredictedLabelColumnName = "PredictedLabel";
                    public int BatchSize = 10, Epoch = 200;
                    public float LearningRate = 0.01f;
                    public Architecture Arch = Architecture.ResnetV250;
                    public Action<ImageClassificationMetrics> MetricsCallback;
                    public string WorkspacePath, FinalModelPrefix, TrainSetBottleneckCachedValuesFileName, ValidationSetBottleneckCachedValuesFileName;
                    public bool TestOnTrainSet = true, ReuseTrainSetBottleneckCachedValues, ReuseValidationSetBottleneckCachedValues;
                    public IDataView ValidationSet;
                    public float? ValidationSetFraction = 0.1f;
                }

                public ITransformer Fit(IDataView input) => throw new NotSupportedException();

                public SchemaShape GetOutputSchema(SchemaShape inputSchema) => throw new NotSupportedException();
            }
        }

        namespace Microsoft.ML
        {
            using Microsoft.ML.Vision;

            public static class VisionCatalog
            {
                public static ImageClassificationTrainer ImageClassification(
                    this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, ImageClassificationTrainer.Options options) => throw new NotSupportedException();
            }
        }
        """;

    [TestMethod]
    public void TheOldSideCompilesWithImageClassification() => AssertCompiles(Side('-'), ImageClassification);

    [TestMethod]
    public void TheNewSideCompilesWithThisLibrary() => AssertCompiles(Side('+'));

    [TestMethod]
    public void TheLinesThatGoAwayMayStay()
    {
        var kept = Block().Code.Split('\n').Where(line => line.StartsWith('-') && (line.Contains("TestOnTrainSet") || line.Contains("BottleneckCachedValues"))).ToArray();
        string code = Side('+').Replace("MetricsCallback =", string.Join(' ', kept.Select(line => line[1..])) + "\nMetricsCallback =");

        Assert.HasCount(3, kept);
        AssertCompiles(code);
    }

    [TestMethod]
    public void TheOldSideDoesNotCompileWithThisLibrary() => Assert.IsNotEmpty(new BlockCompiler().Errors(Page, 1, Side('-')));

    private static void AssertCompiles(string code, params string[] more)
    {
        var errors = new BlockCompiler().Errors(Page, Block().Line, code, more);

        Assert.IsEmpty(errors, string.Join('\n', errors));
    }

    private static string Side(char sign) =>
        string.Join('\n', Block().Code.Split('\n').Where(line => line.Length == 0 || line[0] == ' ' || line[0] == sign).Select(line => line.Length == 0 ? line : line[1..]));

    private static FencedBlock Block() => MarkdownPage.Read(Path.Combine(SourceTree.Root, Page)).Blocks.Single(b => b.Info == "diff");
}
