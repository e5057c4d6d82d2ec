// The effect of decoding large JPEGs at a fraction of their size on features and probe accuracy of a pretrained network.
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal sealed class ScaledDecodingEffect
{
    private readonly MLContext _context = new(seed: 1);
    private readonly string _weights;
    private readonly CameraPhoto[] _photos;

    /// <param name="folder">Folder of class folders.</param>
    /// <param name="weights">A checkpoint.</param>
    /// <param name="noise">Noise of the enlarged photos.</param>
    internal ScaledDecodingEffect(string folder, string weights, double noise)
    {
        _weights = weights;
        _photos = [.. _context.Data.LoadImagesFromFolder(folder).GetColumn<string>("ImagePath").AsParallel().AsOrdered().Select((path, i) => new CameraPhoto
        {
            Image = CameraPhotos.Enlarge(File.ReadAllBytes(path), noise, i),
            Label = Path.GetFileName(Path.GetDirectoryName(path))!,
        })];
        foreach (var photo in _photos.GroupBy(p => p.Label).SelectMany(g => g.Where((_, i) => i % 5 == 0)))
            photo.Tests = true;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_photos.Length} photos enlarged to 4000 pixels (noise {noise}), {_photos.Average(p => p.Image.Length) / 1e6:F1} MB each; {_photos.Count(p => p.Tests)} test"));
    }

    /// <summary>Prints cosines and accuracies.</summary>
    internal void Measure()
    {
        float[][] full = Features(scaled: false), reduced = Features(scaled: true);
        double[] cosines = [.. full.Zip(reduced, Cosine)];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cosine of the features: mean {cosines.Average():F6}, least {cosines.Min():F6}"));
        foreach (var (name, training, testing) in new[] { ("full, full", full, full), ("scaled, scaled", reduced, reduced), ("full, scaled", full, reduced) })
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"probe trained and tested on {name}: nearest centroid {NearestCentroid(training, testing)}, logistic {Logistic(training, testing)} right"));
        }
    }

    private float[][] Features(bool scaled)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(_weights);
        var data = _context.Data.LoadFromEnumerable(_photos);
        using var model = _context.Transforms.VisionTransformerFeatures(
            "Features",
            nameof(CameraPhoto.Image),
            new VisionTransformerFeatureOptions { PretrainedModel = _weights, Preprocessing = checkpoint.Preprocessing with { ScaledDecoding = scaled } }).Fit(data);
        return [.. model.Transform(data).GetColumn<float[]>("Features")];
    }

    private int NearestCentroid(float[][] training, float[][] testing)
    {
        var centroids = Enumerable.Range(0, _photos.Length).Where(i => !_photos[i].Tests).GroupBy(i => _photos[i].Label)
            .Select(g => (Label: g.Key, Center: Enumerable.Range(0, training[0].Length).Select(d => g.Average(i => training[i][d] / Length(training[i]))).ToArray()))
            .ToArray();
        return Enumerable.Range(0, _photos.Length).Count(i => _photos[i].Tests && centroids.MaxBy(c => Cosine(c.Center, testing[i])).Label == _photos[i].Label);
    }

    private int Logistic(float[][] training, float[][] testing)
    {
        var schema = SchemaDefinition.Create(typeof(ProbeRow));
        schema[nameof(ProbeRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, training[0].Length);
        var known = _context.Data.LoadFromEnumerable(Rows(training, tests: false), schema);
        var probe = _context.Transforms.Conversion.MapValueToKey("Label")
            .Append(_context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options { L1Regularization = 0, L2Regularization = 1, NumberOfThreads = 1 }))
            .Append(_context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        var answers = probe.Fit(known).Transform(_context.Data.LoadFromEnumerable(Rows(testing, tests: true), schema)).GetColumn<string>("PredictedLabel");
        return answers.Zip(_photos.Where(p => p.Tests)).Count(pair => pair.First == pair.Second.Label);
    }

    private IEnumerable<ProbeRow> Rows(float[][] features, bool tests) =>
        Enumerable.Range(0, _photos.Length).Where(i => _photos[i].Tests == tests).Select(i => new ProbeRow { Features = features[i], Label = _photos[i].Label });

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / Length(a) / Length(b);

    private static float Length(float[] a) => (float)Math.Sqrt(a.Sum(x => (double)x * x));

    private sealed class CameraPhoto
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";

        [NoColumn]
        public bool Tests { get; set; }
    }

    private sealed class ProbeRow
    {
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
