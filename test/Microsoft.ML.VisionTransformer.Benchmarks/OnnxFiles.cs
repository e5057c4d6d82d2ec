// Size, accuracy and speed of a network's ONNX files, compared with the library.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// Files of each precision: size, agreement with the library, accuracy (folders are named after classes), speed, and operators before and after optimization.
/// </summary>
internal sealed class OnnxFiles : IDisposable
{
    private const int Rounds = 5;

    private readonly VisionTransformerPredictionTransformer _model;
    private readonly string[] _paths;
    private readonly string[] _labels;
    private readonly float[][] _expected;
    private readonly ImagePreprocessor _converter;
    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("onnx-");
    private long _size;

    internal OnnxFiles(string weights, string images)
    {
        var context = new MLContext();
        _model = context.Model.LoadVisionTransformer(weights, "ImagePath", options: new() { Device = "cpu" });
        var data = context.Data.LoadImagesFromFolder(images);
        _paths = [.. data.GetColumn<string>("ImagePath")];
        _labels = [.. data.GetColumn<string>("Label")];
        _expected = [.. _model.Transform(data).GetColumn<float[]>("Score")];
        _converter = new ImagePreprocessor(_model.Preprocessing);
    }

    internal void Measure()
    {
        Report("library", _expected, 0);
        Write("float32", new OnnxExportOptions());
        Write("float16", new OnnxExportOptions { Precision = OnnxPrecision.Float16 });
        Write("int8", new OnnxExportOptions { Precision = OnnxPrecision.Int8 });
        WriteRaw();
        foreach (int batch in new[] { 1, 8 })
            Speeds(batch);
        foreach (string name in new[] { "float32", "float16", "int8" })
            Operators(name);
    }

    public void Dispose()
    {
        _model.Dispose();
        _work.Delete(recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_work.FullName, $"{name}.onnx");

    private void Write(string name, OnnxExportOptions options)
    {
        _model.SaveAsOnnx(PathOf(name), options);
        using var session = Open(PathOf(name));
        Report(name, [.. _paths.Select(path => Run(session, Input(path), 1))], new FileInfo(PathOf(name)).Length);
    }

    private void WriteRaw()
    {
        _model.SaveAsOnnx(PathOf("raw"), new OnnxExportOptions { Input = OnnxInput.RawRgb });
        using var session = Open(PathOf("raw"));
        Report("raw pixels", [.. _paths.Select(path => Run(session, ImageFile.Decode(path, path)))], new FileInfo(PathOf("raw")).Length);
    }

    private void Report(string name, float[][] scores, long size)
    {
        if (_size == 0)
            _size = size;
        int agreed = 0, right = 0;
        double largest = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            int best = Best(scores[i]);
            agreed += best == Best(_expected[i]) ? 1 : 0;
            right += _model.ClassNames[best] == _labels[i] ? 1 : 0;
            largest = Math.Max(largest, scores[i].Zip(_expected[i], (a, b) => Math.Abs(a - b)).Max());
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-10}  top-1 as library {agreed}/{scores.Length}  right {right}  largest probability difference {largest:g3}  {size / 1e6:F2} MB ({size / (double)_size:F3})"));
    }

    private void Speeds(int batch)
    {
        float[] inputs = [.. Enumerable.Range(0, batch).SelectMany(i => Input(_paths[i]))];
        var runs = new List<(string Name, Action Run, IDisposable Owner)>();
        foreach (string name in new[] { "float32", "float16", "int8" })
        {
            var session = Open(PathOf(name));
            runs.Add((name, () => Run(session, inputs, batch), session));
        }

        using var library = new LibraryRun(_model, inputs, batch);
        runs.Add(("library", library.Run, library));
        foreach (var (name, speed) in InTurn(runs, batch))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"batch {batch}  {name,-10} {speed:F1} images/s"));
        foreach (var (_, _, owner) in runs)
            owner.Dispose();
    }

    /// <summary>Medians of several rounds, each of which measures all files: interference on the machine affects all of them.</summary>
    private static IEnumerable<(string Name, double Speed)> InTurn(List<(string Name, Action Run, IDisposable Owner)> runs, int batch)
    {
        const int Images = 64;
        var speeds = runs.ToDictionary(r => r.Name, _ => new List<double>());
        for (int round = 0; round <= Rounds; round++)
        {
            foreach (var (name, run, _) in runs)
            {
                var clock = Stopwatch.StartNew();
                for (int image = 0; image < Images; image += batch)
                    run();
                if (round > 0)
                    speeds[name].Add(Images / clock.Elapsed.TotalSeconds);
            }
        }

        return speeds.Select(s => (s.Key, s.Value.Order().ElementAt(Rounds / 2)));
    }

    private void Operators(string name)
    {
        string optimized = PathOf($"{name}-optimized");
        Open(PathOf(name), optimized).Dispose();
        Console.WriteLine($"{name}, as written: {Text(OperatorCounts.Of(PathOf(name)))}");
        Console.WriteLine($"{name}, optimized:  {Text(OperatorCounts.Of(optimized))}");
    }

    private static string Text(IEnumerable<KeyValuePair<string, int>> counts) => string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}"));

    private float[] Input(string path)
    {
        float[] input = new float[_converter.Length];
        _converter.ForPrediction(ImageFile.Decode(path, path), input);
        return input;
    }

    private float[] Run(InferenceSession session, float[] inputs, int count)
    {
        var (channels, size) = (_model.Architecture.Channels, _model.Architecture.ImageSize);
        return Run(session, NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(inputs, [count, channels, size.Height, size.Width])));
    }

    private static float[] Run(InferenceSession session, RgbImage image) =>
        Run(session, NamedOnnxValue.CreateFromTensor("image", new DenseTensor<byte>(image.Pixels, [1, image.Height, image.Width, RgbImage.Channels])));

    private static float[] Run(InferenceSession session, NamedOnnxValue input)
    {
        using var results = session.Run([input]);
        return results[0].AsTensor<float>().ToArray();
    }

    private static InferenceSession Open(string path, string? optimized = null)
    {
        // Spinning threads would slow down the next measurement in this process.
        using var options = new SessionOptions { IntraOpNumThreads = Environment.ProcessorCount, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (optimized is not null)
        {
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED;
            options.OptimizedModelFilePath = optimized;
        }

        return new InferenceSession(path, options);
    }

    private static int Best(float[] scores) => Array.IndexOf(scores, scores.Max());

    /// <summary>The library's own forward pass on the same input.</summary>
    private sealed class LibraryRun(VisionTransformerPredictionTransformer model, float[] inputs, int batch) : IDisposable
    {
        private readonly VisionTransformerNetwork _network = Fresh(model.Architecture);

        internal void Run()
        {
            using var mode = torch.inference_mode();
            using var scope = torch.NewDisposeScope();
            var (channels, size) = (model.Architecture.Channels, model.Architecture.ImageSize);
            var x = torch.tensor(inputs, [batch, channels, size.Height, size.Width]);
            torch.nn.functional.softmax(_network.forward(x), 1).data<float>().ToArray();
        }

        public void Dispose() => _network.Dispose();

        private static VisionTransformerNetwork Fresh(VisionTransformerArchitecture architecture)
        {
            var network = new VisionTransformerNetwork(architecture);
            network.eval();
            return network;
        }
    }
}
