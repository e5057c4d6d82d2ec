// From JPEG files to scores: a pipeline, a plain loop, and each half of the pipeline alone.
using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Scoring.Rows;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>Arguments: architecture, folder of class folders. One measurement processes all files.</summary>
internal sealed class PipelineSide : Side
{
    internal const string Library = "pipeline-library", Onnx = "pipeline-onnx", Network = "pipeline-network", Images = "pipeline-images";

    private const int Batch = 16;

    private readonly Action _run;
    private readonly IDisposable _owned;
    private readonly string[] _paths;

    internal PipelineSide(string name, string[] arguments)
    {
        var architecture = VisionTransformerArchitecture.Parse(arguments[0]);
        var data = new MLContext().Data.LoadImagesFromFolder(arguments[1]);
        _paths = [.. data.GetColumn<string>("ImagePath")];
        (_run, _owned) = name switch
        {
            Library => Pipeline(architecture, data),
            Onnx => ByHand(new OnnxSide(architecture)),
            Network => Alone(architecture),
            _ => Decoding(architecture, data),
        };
    }

    internal override double[] Measure()
    {
        var clock = Stopwatch.StartNew();
        _run();
        return [clock.Elapsed.TotalSeconds / _paths.Length];
    }

    public override void Dispose() => _owned.Dispose();

    private static (Action Run, IDisposable Owned) Pipeline(VisionTransformerArchitecture architecture, IDataView data)
    {
        var model = FreshModel.Transformer(architecture, "ImagePath");
        return (() => _ = model.Transform(data).GetColumn<float[]>("Score").Count(), model);
    }

    private (Action Run, IDisposable Owned) ByHand(OnnxSide network) => (
        () =>
        {
            foreach (string[] paths in _paths.Chunk(Batch))
                network.Run([.. paths.Select(File.ReadAllBytes)]);
        },
        network);

    private (Action Run, IDisposable Owned) Alone(VisionTransformerArchitecture architecture)
    {
        var network = FreshModel.Network(architecture);
        float[] input = new float[Batch * network.InputLength];
        return (
            () =>
            {
                foreach (string[] paths in _paths.Chunk(Batch))
                    network.Probabilities(input, paths.Length, 1);
            },
            network);
    }

    /// <summary>The work of the pipeline's reader without a consumer.</summary>
    private static (Action Run, IDisposable Owned) Decoding(VisionTransformerArchitecture architecture, IDataView data)
    {
        var preprocessing = FreshModel.Preprocessing(architecture);
        var image = ImageColumn.Of(data.Schema, "ImagePath", preprocessing);
        return (
            () =>
            {
                using var cursor = image.OpenCursor(data, image.Column);
                foreach (var batch in ImageBatches.Read(cursor, image, new ImagePreprocessor(preprocessing), InvalidImageHandling.Throw, Batch))
                    Debug.Assert(batch.Count > 0);
            },
            new MemoryStream());
    }
}
