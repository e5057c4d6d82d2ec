// A network trained in seconds on colored pictures, its file, and its answers on one thread.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.ServiceTests.Support;

internal sealed class TinyModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TransformerChain<VisionTransformerPredictionTransformer> _model;
    private readonly PredictionEngine<ColoredSample, Scores> _engine;

    internal TinyModel(InvalidImageHandling onInvalidImage = InvalidImageHandling.Throw)
    {
        // One thread a pass, as the services under test have it: the number of threads moves the last bit of a score.
        TorchSharp.torch.set_num_threads(1);
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(ColoredSamples.Make(perClass: 12));
        _model = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.MulticlassClassification.Trainers.VisionTransformer(Options(onInvalidImage)))
            .Fit(data);
        _engine = context.Model.CreatePredictionEngine<ColoredSample, Scores>(_model);
        Path = _folder.File("model.zip");
        context.Model.Save(_model, data.Schema, Path);
    }

    /// <summary>The model's file.</summary>
    internal string Path { get; }

    /// <summary>The classes with their probabilities, most probable first.</summary>
    internal (string Name, float Probability)[] Classify(byte[] image) =>
        [.. _model.LastTransformer.ClassNames.Zip(_engine.Predict(new ColoredSample { Image = image, Label = "red" }).Score).OrderByDescending(c => c.Second)];

    /// <summary>The overlay of a class, or of the most probable one.</summary>
    internal byte[] Overlay(byte[] image, int? index) =>
        _model.LastTransformer.Explain(image, new ExplanationOptions { ClassIndex = index }).PhotoOverlayPng();

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    /// <summary>Wide enough for the library's vector code, which real networks run in.</summary>
    private static VisionTransformerTrainer.Options Options(InvalidImageHandling onInvalidImage)
    {
        var options = TinyOptions.Make(epochs: 4);
        options.Arch = TinyOptions.Architecture with { ImageSize = 24, EmbeddingDimension = 32 };
        options.OnInvalidImageInPrediction = onInvalidImage;
        return options;
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
