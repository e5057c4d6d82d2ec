// A real pretrained ViT-Ti with its head, and its answers on one thread.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.ServiceTests.Support;

internal sealed class RealModel : IDisposable
{
    private readonly VisionTransformerPredictionTransformer _model;
    private readonly PredictionEngine<Upload, Scores> _engine;

    internal RealModel()
    {
        Path = OptionalData.PretrainedModel;
        var context = new MLContext();
        _model = context.Model.LoadVisionTransformer(Path);
        _engine = context.Model.CreatePredictionEngine<Upload, Scores>(_model);
    }

    /// <summary>The folder of the checkpoint.</summary>
    internal string Path { get; }

    /// <summary>The classes with their probabilities, most probable first.</summary>
    internal (string Name, float Probability)[] Classify(byte[] image) =>
        [.. _model.ClassNames.Zip(_engine.Predict(new Upload { Image = image }).Score).OrderByDescending(c => c.Second)];

    public void Dispose() => _engine.Dispose();

    private sealed class Upload
    {
        public byte[] Image { get; set; } = [];
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
