// Do attention maps identify the patches that a prediction needs? Blanks patches in the order of a map and measures the remaining probability.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// Deletion curves: a linear probe is trained on the split's photos; on its test photos patches are set to the mean color, most relevant first, and the
/// mean probability of the class that was predicted for the whole photo is reported at each step. The baseline is the mean of several random orders. A
/// lower curve is better.
/// </summary>
internal sealed class Deletion(string folder, string weights, string? images)
{
    private const int Steps = 10, RandomOrders = 3;

    private readonly MLContext _context = new(seed: 1);

    internal void Run()
    {
        var split = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllText(Path.Combine(folder, "split.json")))!;
        var options = new VisionTransformerTrainer.Options { FeatureColumnName = "Image", PretrainedModel = weights, Strategy = TrainingStrategy.LinearProbe };
        var pipeline = _context.Transforms.Conversion.MapValueToKey("Label")
            .Append(_context.Transforms.LoadRawImageBytes("Image", null, "ImagePath"))
            .Append(_context.MulticlassClassification.Trainers.VisionTransformer(options));
        using var chain = pipeline.Fit(Photos(split["train"]));
        var model = chain.LastTransformer;
        string[] test = [.. split["test"].EnumerateArray().Select(f => Path.Combine(folder, f.GetString()!))];
        var metrics = _context.MulticlassClassification.Evaluate(chain.Transform(Photos(split["test"])));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{test.Length} test photos, accuracy {metrics.MicroAccuracy:P1}"));
        if (images is not null)
            Draw(model, test);
        Report(Curves(model, test));
    }

    /// <summary>Writes overlays of all test photos for inspection.</summary>
    private void Draw(VisionTransformerPredictionTransformer model, string[] photos)
    {
        Directory.CreateDirectory(images!);
        foreach (string photo in photos)
        {
            string name = $"{Path.GetFileName(Path.GetDirectoryName(photo))}-{Path.GetFileNameWithoutExtension(photo)}";
            foreach (var method in Enum.GetValues<ExplanationMethod>())
            {
                var found = model.Explain(photo, new ExplanationOptions { Method = method });
                found.SaveOverlay(Path.Combine(images!, $"{name}-{method}.png"));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {method}: {found.ClassName} {found.Probability:P0}"));
            }
        }
    }

    private Dictionary<string, double[]> Curves(VisionTransformerPredictionTransformer model, string[] photos)
    {
        var curves = new Dictionary<string, double[]>();
        var converter = new ImagePreprocessor(model.Preprocessing);
        foreach (string photo in photos)
        {
            float[] input = new float[converter.Length];
            converter.ForPrediction(ImageFile.Decode(photo, photo), input);
            foreach (var method in Enum.GetValues<ExplanationMethod>())
            {
                var found = model.Explain(photo, new ExplanationOptions { Method = method });
                float[] map = found.Map.ToArray();
                Add(method.ToString(), found, [.. Enumerable.Range(0, map.Length).OrderByDescending(p => map[p])]);
                if (method != ExplanationMethod.GradientAttention)
                    continue;
                for (int seed = 1; seed <= RandomOrders; seed++)
                {
                    int[] order = [.. Enumerable.Range(0, map.Length)];
                    new Random(seed).Shuffle(order);
                    Add("random order", found, order, 1.0 / RandomOrders);
                }
            }

            void Add(string name, AttentionExplanation found, int[] order, double weight = 1)
            {
                double[] curve = curves.TryGetValue(name, out double[]? known) ? known : curves[name] = new double[Steps + 1];
                float[][] probabilities = Probabilities(model, Blank(model.Architecture, input, order));
                for (int step = 0; step <= Steps; step++)
                    curve[step] += weight * probabilities[step][found.ClassIndex] / photos.Length;
            }
        }

        return curves;
    }

    /// <summary>The input with 0, 10, ... 100% of its patches blanked, one after the other; 0 is the mean color of a normalized input.</summary>
    private static IEnumerable<float[]> Blank(VisionTransformerArchitecture architecture, float[] input, int[] order)
    {
        float[] current = [.. input];
        int blanked = 0;
        for (int step = 0; step <= Steps; step++)
        {
            for (; blanked < (int)Math.Round(order.Length * step / (double)Steps); blanked++)
                Blank(architecture, current, order[blanked] / architecture.Grid.Width, order[blanked] % architecture.Grid.Width);
            yield return [.. current];
        }
    }

    private static void Blank(VisionTransformerArchitecture architecture, float[] chw, int row, int column)
    {
        var (size, patch) = (architecture.ImageSize, architecture.PatchSize);
        for (int channel = 0; channel < architecture.Channels; channel++)
        {
            for (int y = row * architecture.Stride.Height; y < row * architecture.Stride.Height + patch.Height; y++)
                chw.AsSpan((channel * size.Height + y) * size.Width + column * architecture.Stride.Width, patch.Width).Clear();
        }
    }

    /// <summary>Scores of normalized inputs, which the model uses unchanged.</summary>
    private float[][] Probabilities(VisionTransformerPredictionTransformer model, IEnumerable<float[]> inputs)
    {
        var (channels, size) = (model.Architecture.Channels, model.Architecture.ImageSize);
        var schema = SchemaDefinition.Create(typeof(Input));
        schema[nameof(Input.Image)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, channels, size.Height, size.Width);
        var rows = _context.Data.LoadFromEnumerable(inputs.Select(input => new Input { Image = input }), schema);
        return [.. model.Transform(rows).GetColumn<float[]>("Score")];
    }

    private static void Report(Dictionary<string, double[]> curves)
    {
        Console.WriteLine($"blanked %  {string.Join("  ", Enumerable.Range(0, Steps + 1).Select(s => $"{100 * s / Steps,5}"))}   area");
        foreach (var (name, curve) in curves)
        {
            // The trapezoidal rule over [0, 1].
            double area = (curve.Sum() - (curve[0] + curve[^1]) / 2) / Steps;
            string values = string.Join("  ", curve.Select(p => p.ToString("F3", CultureInfo.InvariantCulture)));
            Console.WriteLine(FormattableString.Invariant($"{name}  {values}   {area:F3}"));
        }
    }

    /// <summary>Reads the split, a list of files; the folder of a file is its class.</summary>
    private IDataView Photos(JsonElement files) => _context.Data.LoadFromEnumerable(
        files.EnumerateArray().Select(f => f.GetString()!).Select(f => new Photo { ImagePath = Path.Combine(folder, f), Label = f.Split('/')[0] }).ToArray());

    private sealed class Input
    {
        public float[] Image { get; set; } = [];
    }

    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
