// Files of two small classifiers that give different scores, and one of features, trained once for all tests.
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests.Support;

internal static class TrainedModels
{
    private static readonly Lazy<byte[]> _first = new(() => Train(seed: 1, InvalidImageHandling.Throw)), _second = new(() => Train(seed: 2, InvalidImageHandling.Throw));
    private static readonly Lazy<byte[]> _missing = new(() => Train(seed: 1, InvalidImageHandling.Missing)), _features = new(Features);

    internal static byte[] First => _first.Value;

    internal static byte[] Second => _second.Value;

    /// <summary>A classifier that gives missing values for images that it cannot read.</summary>
    internal static byte[] GivesMissing => _missing.Value;

    /// <summary>A feature transformer: normalized, from a column that is not called Image.</summary>
    internal static byte[] FeatureFile => _features.Value;

    internal static byte[][] Photos { get; } = [.. ColoredSamples.Make(perClass: 7).Select(s => s.Image)];

    /// <summary>An image that takes long to decode, as a whole, so that a test can act while it is in progress.</summary>
    internal static byte[] Slow { get; } = LargePng.Make(7000, 7000, interlaced: true);

    internal static string Write(this TemporaryFolder folder, byte[] model, string name = "model.zip")
    {
        string path = folder.File(name);
        File.WriteAllBytes(path, model);
        return path;
    }

    /// <summary>The classes as the transformer in the file gives them, without this package.</summary>
    internal static ClassProbability[][] Expected(string path, IEnumerable<byte[]> photos)
    {
        var context = new MLContext();
        var chain = context.Model.Load(path, out _);
        using var owner = (IDisposable)chain;
        var classifier = ((IEnumerable<ITransformer>)chain).OfType<VisionTransformerPredictionTransformer>().Single();
        using var engine = context.Model.CreatePredictionEngine<Photo, Scores>(classifier, new PredictionEngineOptions { OwnsTransformer = false });
        return [.. photos.Select(p => engine.Predict(new Photo { Image = p }).Score).Select(scores =>
            scores.Select((score, i) => new ClassProbability(classifier.ClassNames[i], score, i)).OrderByDescending(c => c.Probability).ToArray())];
    }

    internal static byte[] Png(int width, int height)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(SKColors.Red);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>Wide enough for the library's vector code, which real networks run in.</summary>
    private static byte[] Train(int seed, InvalidImageHandling onInvalidImage)
    {
        var context = new MLContext(seed);
        var data = context.Data.LoadFromEnumerable(ColoredSamples.Make(perClass: 8, seed));
        var options = TinyOptions.Make(epochs: 2);
        options.Arch = TinyOptions.Architecture with { ImageSize = 24, EmbeddingDimension = 32 };
        options.OnInvalidImageInPrediction = onInvalidImage;
        using var model = context.Transforms.Conversion.MapValueToKey("Label").Append(context.MulticlassClassification.Trainers.VisionTransformer(options)).Fit(data);
        return Save(context, model, data.Schema);
    }

    private static byte[] Features()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable([new Named { File = [] }]);
        string checkpoint = Path.Combine(TestData.Path("golden"), "checkpoints", "timm");
        using var model = context.Transforms.VisionTransformerFeatures("Vector", nameof(Named.File), new VisionTransformerFeatureOptions { PretrainedModel = checkpoint, Normalize = true }).Fit(data);
        return Save(context, model, data.Schema);
    }

    private static byte[] Save(MLContext context, ITransformer model, DataViewSchema schema)
    {
        using var stream = new MemoryStream();
        context.Model.Save(model, schema, stream);
        return stream.ToArray();
    }

    internal sealed class Photo
    {
        public byte[] Image { get; set; } = [];
    }

    internal sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class Named
    {
        public byte[] File { get; set; } = [];
    }
}
