// A network trained in seconds on colored pictures, and its answers.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal sealed class TinyModel : IDisposable
{
    private readonly MLContext _context = new(1);
    private readonly TransformerChain<VisionTransformerPredictionTransformer> _model;

    internal TinyModel()
    {
        var options = TinyOptions.Make(epochs: 4);
        options.Arch = TinyOptions.Architecture with { ImageSize = 24 };
        _model = _context.Transforms.Conversion.MapValueToKey("Label")
            .Append(_context.MulticlassClassification.Trainers.VisionTransformer(options))
            .Fit(_context.Data.LoadFromEnumerable(ColoredSamples.Make(perClass: 12)));
        VBuffer<ReadOnlyMemory<char>> names = default;
        Score([ColoredSamples.Make(1)[0].Image]).Schema["Score"].GetSlotNames(ref names);
        ClassNames = [.. names.DenseValues().Select(name => name.ToString())];
    }

    internal string[] ClassNames { get; }

    internal string Export(string path, OnnxExportOptions options)
    {
        _model.LastTransformer.SaveAsOnnx(path, options);
        return path;
    }

    /// <summary>The probability of every class, most probable first.</summary>
    internal (string Name, float Probability)[] Classify(byte[] image) =>
        [.. ClassNames.Zip(Score([image]).GetColumn<float[]>("Score").Single()).OrderByDescending(c => c.Second)];

    public void Dispose() => _model.Dispose();

    private IDataView Score(byte[][] images) =>
        _model.Transform(_context.Data.LoadFromEnumerable(images.Select(image => new ColoredSample { Image = image, Label = "red" })));
}
