// The linear probe: its optimizer, its objective, and its effect on a model.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.LinearProbe;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Training.LinearProbe;

[TestClass]
public sealed class LinearProbeTrainerTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TheOptimizerFindsTheMinimumOfAnIllConditionedBowl()
    {
        double[] scales = [1, 10, 1000], center = [3, -2, 0.5];
        var search = new Lbfgs(Bowl, new double[3]);

        int steps = 0;
        while (search.GradientNorm > 1e-9 && steps < 100 && search.Step())
            steps++;

        for (int i = 0; i < center.Length; i++)
            Assert.AreEqual(center[i], search.Point[i], 1e-6);
        Assert.IsLessThan(60, steps);

        double Bowl(double[] point, double[] gradient)
        {
            for (int i = 0; i < point.Length; i++)
                gradient[i] = (point[i] - center[i]) * scales[i];
            return point.Select((x, i) => (x - center[i]) * gradient[i] / 2).Sum();
        }
    }

    [TestMethod]
    public void TheGradientIsTheSlopeOfTheObjective()
    {
        using var scope = NewDisposeScope();
        using var data = FeatureMatrix.Of([1, 2, -1, 0.5f, 3, -2], [0, 2, 1], [1, 3, 0.5f], classes: 3);
        var objective = new LogisticRegression(data, penalty: 0.7);
        double[] head = [.. Enumerable.Range(0, objective.Length).Select(i => -1 + 2.0 * i / (objective.Length - 1))], gradient = new double[objective.Length];

        objective.Objective(head, gradient);

        for (int i = 0; i < objective.Length; i++)
        {
            double above = At(1e-6), below = At(-1e-6);
            Assert.AreEqual((above - below) / 2e-6, gradient[i], 1e-7, $"slope {i}");

            double At(double change)
            {
                double[] moved = [.. head];
                moved[i] += change;
                return objective.Objective(moved, new double[moved.Length]);
            }
        }
    }

    [TestMethod]
    public void TwoPointsAreSeparatedAsFarAsThePenaltyAllows()
    {
        using var scope = NewDisposeScope();
        using var data = FeatureMatrix.Of([-1, 1], [0, 1], [1, 1], classes: 2);
        var objective = new LogisticRegression(data, penalty: 0.25);

        var head = objective.Fit(null, 200);

        // By symmetry W = (-w, w), b = (0, 0), and the slope in w vanishes: 2 / (1 + exp(2 w)) = 2 * 0.25 w, so w = 0.9022.
        double w = head[1];
        Assert.AreEqual(-w, head[0], 1e-6);
        Assert.AreEqual(0, 1 / (1 + Math.Exp(2 * w)) - 0.25 * w, 1e-6);
        Assert.AreEqual(0, head[2], 1e-6);
    }

    [TestMethod]
    public void AWeightOfZeroLeavesARowOut()
    {
        using var scope = NewDisposeScope();
        using var with = FeatureMatrix.Of([-1, 1, 5], [0, 1, 0], [1, 1, 0], classes: 2);
        using var without = FeatureMatrix.Of([-1, 1], [0, 1], [2, 2], classes: 2);

        var first = new LogisticRegression(with, 0.1).Fit(null, 200);
        var second = new LogisticRegression(without, 0.1).Fit(null, 200);

        for (int i = 0; i < first.Length; i++)
            Assert.AreEqual(second[i], first[i], 1e-6);
    }

    [TestMethod]
    public void OnlyTheHeadIsTrainedAndItLearns()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        using (var first = TinyTraining.Train(context, data, TinyTraining.Options(epochs: 3)))
            first.LastTransformer.SaveAsSafetensors(folder.Path);
        var options = Options(folder);

        using var model = TinyTraining.Train(new MLContext(seed: 5), data, options);
        using var again = TinyTraining.Train(new MLContext(seed: 5), data, options);

        Assert.IsGreaterThan(0.9, context.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy);
        CollectionAssert.AreEqual(
            TinyTraining.Scores(model.Transform(data)).SelectMany(s => s).ToArray(), TinyTraining.Scores(again.Transform(data)).SelectMany(s => s).ToArray());
        using var saved = new TemporaryFolder();
        model.LastTransformer.SaveAsSafetensors(saved.Path);
        var before = SafetensorsFile.Read(folder.File("model.safetensors"));
        var after = SafetensorsFile.Read(saved.File("model.safetensors"));
        foreach (string name in before.Names.Where(n => !n.StartsWith("head.", StringComparison.Ordinal)))
            CollectionAssert.AreEqual(before.Floats(name), after.Floats(name), name);
        CollectionAssert.AreNotEqual(before.Floats("head.weight"), after.Floats("head.weight"));
    }

    [TestMethod]
    public void AllTensorsAreGivenBack()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        using (var first = TinyTraining.Train(context, data))
            first.LastTransformer.SaveAsSafetensors(folder.Path);

        LiveTensors.AssertSameAfter(() => TinyTraining.Train(context, data, Options(folder)).Dispose(), parametersCreated: TinyTraining.Parameters);
    }

    /// <summary>Validation rows are trained on in the last fit: they weigh as training rows of their classes do.</summary>
    [TestMethod]
    public void ClassWeightsThatAreAllLargerByOneFactorChangeNothing()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        using (var first = TinyTraining.Train(context, data))
            first.LastTransformer.SaveAsSafetensors(folder.Path);
        float[][] Scores(float factor)
        {
            var options = Options(folder);
            options.ProbePenalty = 1e-3f;
            options.ValidationSetFraction = 0.5f;
            options.ClassWeights = ColoredSamples.Classes.Select((name, i) => (name, factor * (i + 1))).ToDictionary(w => w.name, w => w.Item2);
            using var model = TinyTraining.Train(new MLContext(seed: 3), data, options);
            return TinyTraining.Scores(model.Transform(data));
        }

        float[][] one = Scores(1), thousand = Scores(1000);

        Assert.IsLessThan(1e-3f, one.Zip(thousand, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max());
    }

    [TestMethod]
    public void OptionsThatAProbeHasNoUseForAreNamedInTheLog()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        using (var first = TinyTraining.Train(context, data))
            first.LastTransformer.SaveAsSafetensors(folder.Path);
        var warnings = new List<string>();
        context.Log += (_, message) => warnings.Add(message.Message);
        var options = Options(folder);
        (options.LearningRate, options.LayerDecay) = (0.5f, 0.5f);

        TinyTraining.Train(context, data, options).Dispose();

        Assert.IsTrue(warnings.Any(w => w.Contains("A linear probe does not use LearningRate, LayerDecay", StringComparison.Ordinal)), string.Join('\n', warnings));
    }

    /// <summary>
    /// (sum of cross-entropy + |W|^2 / 2) / rows at its minimum, which scipy 1.10.1 found with L-BFGS-B in float64 from these features of the 45 training photos, to a gradient of 2e-8.
    /// </summary>
    [TestMethod]
    public void TheMinimumOnTheFlowersIsThatOfScipy()
    {
        Requires.OptionalData();
        string photos = TestData.Flowers, weights = OptionalData.PretrainedModel;
        using var split = JsonDocument.Parse(File.ReadAllText(Path.Combine(photos, "split.json")));
        var context = new MLContext(seed: 3);
        var rows = split.RootElement.GetProperty("train").EnumerateArray().Select(f => f.GetString()!).Select(f => new Photo { Image = Path.Combine(photos, f), Label = f.Split('/')[0] });
        var data = context.Data.LoadFromEnumerable(rows.ToArray());
        var labeled = context.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        var features = context.Transforms.VisionTransformerFeatures("Image", options: new() { PretrainedModel = weights });

        using var model = features.Fit(labeled);
        var scored = context.Data.CreateEnumerable<Featured>(model.Transform(labeled), reuseRowObject: false).ToArray();
        using var matrix = FeatureMatrix.Of([.. scored.SelectMany(s => s.Image)], [.. scored.Select(s => (long)s.Label - 1)], [.. scored.Select(_ => 1f)], classes: 5);
        var objective = new LogisticRegression(matrix, penalty: 1.0 / matrix.Rows);
        double[] head = objective.Fit(null, 2000);
        double value = objective.Objective(head, new double[head.Length]);

        TestContext.WriteLine($"objective at C = 1: {value:F6}");
        Assert.AreEqual(0.008266, value, 2e-5);
    }

    private static VisionTransformerTrainer.Options Options(TemporaryFolder folder)
    {
        var options = TinyTraining.Options(epochs: 60);
        (options.Arch, options.PretrainedModel, options.Strategy) = (null, folder.Path, TrainingStrategy.LinearProbe);
        return options;
    }

    private sealed class Photo
    {
        public string Image { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class Featured
    {
        public float[] Image { get; set; } = [];

        public uint Label { get; set; }
    }
}
