// Accuracy of a strategy over several seeds, on a folder of photos with a fixed split.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>Trains with default options, except for those given as name=value, and tests on the split's test photos.</summary>
internal sealed class Transfer(string folder, string strategy, string? weights, string[] settings)
{
    private static readonly string[] _own = ["seeds", "first", "epochs"];

    private readonly Dictionary<string, string> _settings = settings.Select(s => s.Split('=', 2)).ToDictionary(s => s[0], s => s[1]);

    internal void Run()
    {
        int seeds = int.Parse(_settings.GetValueOrDefault("seeds", "3"), CultureInfo.InvariantCulture);
        int first = int.Parse(_settings.GetValueOrDefault("first", "1"), CultureInfo.InvariantCulture);
        var results = Enumerable.Range(first, seeds).Select(Once).ToArray();
        double mean = results.Average(r => r.Accuracy);
        double spread = Math.Sqrt(results.Average(r => (r.Accuracy - mean) * (r.Accuracy - mean)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{strategy} {string.Join(' ', settings)}: accuracy {mean:P1} (standard deviation {spread:P1}, {string.Join(", ", results.Select(r => r.Accuracy.ToString("P1", CultureInfo.InvariantCulture)))}), log-loss {results.Average(r => r.LogLoss):F3}, {results.Average(r => r.Seconds):F0} s a run"));
    }

    private (double Accuracy, double LogLoss, double Seconds) Once(int seed)
    {
        var context = new MLContext(seed);
        var split = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllText(Path.Combine(folder, "split.json")))!;
        var options = Options();
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.LoadRawImageBytes("Image", null, "ImagePath"))
            .Append(context.MulticlassClassification.Trainers.VisionTransformer(options));
        var clock = Stopwatch.StartNew();
        using var model = pipeline.Fit(Photos(context, split["train"]));
        double seconds = clock.Elapsed.TotalSeconds;
        var metrics = context.MulticlassClassification.Evaluate(model.Transform(Photos(context, split["test"])));
        var history = model.LastTransformer.TrainingHistory!;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  seed {seed}: accuracy {metrics.MicroAccuracy:P1}, log-loss {metrics.LogLoss:F3}, {seconds:F0} s, epoch {history.BestEpoch}{(history.IsAverage ? " (average)" : "")} of {history.Epochs.Count}, validation {history.Epochs[^1].ValidationAccuracy:P1}"));
        foreach (var epoch in _settings.ContainsKey("epochs") ? history.Epochs : [])
            Console.WriteLine($"    {epoch}");
        return (metrics.MicroAccuracy, metrics.LogLoss, seconds);
    }

    private VisionTransformerTrainer.Options Options()
    {
        var options = new VisionTransformerTrainer.Options { FeatureColumnName = "Image", PretrainedModel = weights, Strategy = Enum.Parse<TrainingStrategy>(strategy) };
        foreach (var (name, value) in _settings.Where(s => !_own.Contains(s.Key)))
        {
            if (name == "Augmentation")
            {
                options.Augmentation = value == "CropFlip" ? new TrainingAugmentations { CropMinimumArea = 0.5 } : (TrainingAugmentations)typeof(TrainingAugmentations).GetProperty(value)!.GetValue(null)!;
                continue;
            }

            var field = typeof(VisionTransformerTrainer.Options).GetField(name) ?? throw new ArgumentException($"There is no option {name}.");
            var type = Nullable.GetUnderlyingType(field.FieldType) ?? field.FieldType;
            field.SetValue(options, type.IsEnum ? Enum.Parse(type, value) : Convert.ChangeType(value, type, CultureInfo.InvariantCulture));
        }

        return options;
    }

    /// <summary>Reads the split, a list of files; the folder of a file is its class.</summary>
    private IDataView Photos(MLContext context, JsonElement files) => context.Data.LoadFromEnumerable(
        files.EnumerateArray().Select(f => f.GetString()!).Select(f => new Photo { ImagePath = Path.Combine(folder, f), Label = f.Split('/')[0] }).ToArray());

    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
