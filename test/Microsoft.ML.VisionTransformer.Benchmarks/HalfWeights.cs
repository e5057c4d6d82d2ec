// How do 16-bit weights in a model file change its size, the predictions and the probabilities?
using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class HalfWeights
{
    internal const string Command = "storage";

    /// <param name="weights">A checkpoint with its head.</param>
    /// <param name="photos">A folder of class folders.</param>
    internal static void Run(string weights, string photos)
    {
        var context = new MLContext();
        string folder = Directory.CreateTempSubdirectory("vit-storage-").FullName;
        try
        {
            var data = context.Data.LoadImagesFromFolder(photos);
            using var model = context.Model.LoadVisionTransformer(weights, imageColumnName: "ImagePath");
            long full = Save(context, model, Path.Combine(folder, "full.zip"));
            model.WeightStorage = WeightStorage.Float16;
            long half = Save(context, model, Path.Combine(folder, "half.zip"));
            var loaded = context.Model.Load(Path.Combine(folder, "half.zip"), out _);
            using var owner = (IDisposable)loaded;
            Report(Scores(model, data), Scores(loaded, data), half / (double)full);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long Save(MLContext context, ITransformer model, string path)
    {
        context.Model.Save(model, null, path);
        return new FileInfo(path).Length;
    }

    private static float[][] Scores(ITransformer model, IDataView data) => [.. model.Transform(data).GetColumn<float[]>("Score")];

    private static void Report(float[][] full, float[][] half, double size)
    {
        int agree = full.Zip(half).Count(p => Best(p.First) == Best(p.Second));
        double difference = full.Zip(half).Max(p => p.First.Zip(p.Second).Max(v => Math.Abs(v.First - v.Second)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"16-bit weights: {size:P1} of the file; same first class for {agree} of {full.Length} images; largest difference of a probability {difference:G2}"));
    }

    private static int Best(float[] scores) => Array.IndexOf(scores, scores.Max());
}
