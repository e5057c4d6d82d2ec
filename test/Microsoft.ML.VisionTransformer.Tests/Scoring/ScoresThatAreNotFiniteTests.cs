// Scores that would be NaN are errors: preprocessing out of range, and weights too large to compute with or to export as float16.
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class ScoresThatAreNotFiniteTests
{
    [TestMethod]
    [DataRow(0.5f, 1e-45f)]
    [DataRow(0.5f, 1e-39f)]
    [DataRow(3e38f, 0.5f)]
    public void PreprocessingThatMakesHugeValuesIsRefused(float mean, float deviation)
    {
        var preprocessing = new ImagePreprocessing { Mean = new(mean, 0.5f, 0.5f), StandardDeviation = new(deviation, 0.5f, 0.5f) };

        var error = Assert.Throws<ArgumentException>(() => preprocessing.Check());

        Assert.Contains("StandardDeviation", error.Message);
    }

    [TestMethod]
    public void HugeWeightsAreAnErrorWhenTheyScore()
    {
        using var model = ScoringNetwork.Of(Network("head.weight", 3e38f), ComputeDevice.Cpu);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => model.Probabilities([.. Enumerable.Repeat(1f, model.InputLength)], 1, 1));

        Assert.Contains("not finite for image 0 of a batch of 1", error.Message);
    }

    [TestMethod]
    public void AWeightBeyondSixteenBitsIsNotExportedInThem()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        using var model = TinyTraining.Train(context, TinyTraining.Data(context));
        model.LastTransformer.SaveAsSafetensors(folder.Path);
        string weights = folder.File("model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        BitConverter.GetBytes(1e5f).CopyTo(bytes, bytes.Length - 4);
        File.WriteAllBytes(weights, bytes);
        using var changed = context.Model.LoadVisionTransformer(folder.Path);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => changed.SaveAsOnnx(folder.File("m.onnx"), new OnnxExportOptions { Precision = OnnxPrecision.Float16 }));

        Assert.Contains("65504", error.Message);
        Assert.IsFalse(File.Exists(folder.File("m.onnx")));
    }

    [TestMethod]
    public void ValidationRowsThatWeighNothingAreRefused()
    {
        var context = new MLContext(seed: 1);
        var training = ColoredSamples.Make(4).Select(s => new Weighted { Image = s.Image, Label = s.Label, Weight = 1 }).ToArray();
        var validation = training.Select(row => new Weighted { Image = row.Image, Label = row.Label, Weight = 0 }).ToArray();
        var keys = context.Transforms.Conversion.MapValueToKey("Label").Fit(context.Data.LoadFromEnumerable(training));
        var options = TinyTraining.Options();
        (options.ExampleWeightColumnName, options.ValidationSet) = ("Weight", keys.Transform(context.Data.LoadFromEnumerable(validation)));
        var trainer = context.MulticlassClassification.Trainers.VisionTransformer(options);

        var error = Assert.ThrowsExactly<InvalidDataException>(() => trainer.Fit(keys.Transform(context.Data.LoadFromEnumerable(training))));

        Assert.Contains("validation rows is 0", error.Message);
    }

    private static VisionTransformerNetwork Network(string name, float value)
    {
        var network = new VisionTransformerNetwork(TinyTraining.Architecture with { Classes = 3 }, seed: 1);
        using var mode = no_grad();
        network.state_dict()[name].fill_(value);
        return network;
    }

    private sealed class Weighted
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";

        public float Weight { get; set; }
    }
}
