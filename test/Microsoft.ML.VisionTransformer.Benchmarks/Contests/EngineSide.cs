// The time of one prediction: a PredictionEngine, its minimum work, and a plain loop.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>Arguments: architecture, folder of class folders. A measurement returns the median and the 99th percentile, in seconds.</summary>
internal sealed class EngineSide : Side
{
    internal const string Library = "engine-library", Bare = "engine-bare", Onnx = "engine-onnx";

    private const int Predictions = 120;

    private readonly byte[][] _files;
    private readonly Action<byte[]> _predict;
    private readonly IDisposable _owned;

    internal EngineSide(string name, string[] arguments)
    {
        var architecture = VisionTransformerArchitecture.Parse(arguments[0]);
        _files = [.. Directory.GetFiles(arguments[1], "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(Predictions).Select(File.ReadAllBytes)];
        (_predict, _owned) = name switch
        {
            Library => Engine(architecture),
            Bare => Forward(architecture),
            _ => ByHand(new OnnxSide(architecture)),
        };
    }

    internal override double[] Measure()
    {
        var seconds = new List<double>();
        for (int i = 0; i < Predictions; i++)
        {
            var clock = Stopwatch.StartNew();
            _predict(_files[i % _files.Length]);
            seconds.Add(clock.Elapsed.TotalSeconds);
        }

        seconds.Sort();
        return [seconds[Predictions / 2], seconds[Predictions * 99 / 100]];
    }

    public override void Dispose() => _owned.Dispose();

    private static (Action<byte[]> Predict, IDisposable Owned) Engine(VisionTransformerArchitecture architecture)
    {
        var model = FreshModel.Transformer(architecture);
        var engine = new MLContext().Model.CreatePredictionEngine<Input, Prediction>(model);
        return (file => engine.Predict(new Input { Image = file }), model);
    }

    private static (Action<byte[]> Predict, IDisposable Owned) Forward(VisionTransformerArchitecture architecture)
    {
        var network = FreshModel.Network(architecture);
        var converter = new ImagePreprocessor(FreshModel.Preprocessing(architecture));
        float[] input = new float[converter.Length];
        return (
            file =>
            {
                new EncodedImageSource(file, "photo").Fill(converter, null, input);
                network.Probabilities(input, 1, 1);
            },
            network);
    }

    private static (Action<byte[]> Predict, IDisposable Owned) ByHand(OnnxSide network) => (file => network.Run([file]), network);

    private sealed class Input
    {
        public byte[] Image { get; set; } = [];
    }

    private sealed class Prediction
    {
        public uint PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];
    }
}
