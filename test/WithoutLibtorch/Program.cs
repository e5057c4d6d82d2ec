// What needs no libtorch, in a process that cannot load it: `all` runs it and writes the results; `start` measures the first prediction of a process.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer;

switch (args)
{
    case ["make", var checkpoint, var zip]:
        return Make(checkpoint, zip);
    case ["all", var checkpoint, var photos, var results]:
        return All(checkpoint, photos, results, libtorchIsMissing: true);
    case ["all", var checkpoint, var photos, var results, "with-libtorch"]:
        return All(checkpoint, photos, results, libtorchIsMissing: false);
    case ["start", var zip, var photo]:
        return Start(zip, photo);
    default:
        Console.Error.WriteLine("usage: make CHECKPOINT MODEL.zip | all CHECKPOINT PHOTOS RESULTS [with-libtorch] | start MODEL.zip PHOTO");
        return 2;
}

static int Make(string checkpoint, string zip)
{
    var mlContext = new MLContext();
    using var model = mlContext.Model.LoadVisionTransformer(checkpoint, "ImagePath");
    mlContext.Model.Save(model, mlContext.Data.LoadFromEnumerable(Array.Empty<Photo>()).Schema, zip);
    return 0;
}

// Prints the milliseconds since the start of the process, and the peak of its memory.
static int Start(string zip, string photo)
{
    var model = new MLContext().Model.Load(zip, out _);
    double loaded = Age();
    using var engine = new MLContext().Model.CreatePredictionEngine<Photo, Answer>(model);
    var answer = engine.Predict(new Photo { ImagePath = photo });
    double answered = Age();
    string peak = File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal))[6..].Trim() : "";
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loaded {loaded:F0} ms, answered {answered:F0} ms, peak {peak}, best score {answer.Score!.Max():R}"));
    return 0;
}

static double Age() => (DateTime.UtcNow - Process.GetCurrentProcess().StartTime.ToUniversalTime()).TotalMilliseconds;

static int All(string checkpoint, string folder, string results, bool libtorchIsMissing)
{
    Directory.CreateDirectory(results);
    var mlContext = new MLContext(seed: 1);
    Photo[] photos = [.. Directory.EnumerateFiles(folder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => new Photo { ImagePath = path })];
    var rows = mlContext.Data.LoadFromEnumerable(photos);
    string zip = Path.Combine(results, "model.zip");

    using var pretrained = mlContext.Model.LoadVisionTransformer(checkpoint, "ImagePath");
    float[][] scores = Scores(pretrained, rows);
    mlContext.Model.Save(pretrained, rows.Schema, zip);
    var loaded = new MLContext().Model.Load(zip, out _);
    Expect(Same(scores, Scores(loaded, rows)), "the loaded model gives other scores");
    using (var engine = mlContext.Model.CreatePredictionEngine<Photo, Answer>(loaded))
        Expect(Close(scores[1], engine.Predict(photos[1]).Score!), "PredictionEngine gives other scores");

    var features = mlContext.Transforms.VisionTransformerFeatures("Features", "ImagePath", new() { PretrainedModel = checkpoint }).Fit(rows);
    float[][] embeddings = [.. features.Transform(rows).GetColumn<float[]>("Features")];

    pretrained.SaveAsOnnx(Path.Combine(results, "model.onnx"));
    pretrained.SaveAsSafetensors(Path.Combine(results, "checkpoint"));
    using (var opened = VisionTransformerCheckpoint.Load(Path.Combine(results, "checkpoint")))
        Expect(opened.Architecture.Classes == scores[0].Length, "the saved checkpoint has other classes");

    using (var file = new BinaryWriter(File.Create(Path.Combine(results, "values.bin"))))
    {
        foreach (float value in scores.Concat(embeddings).SelectMany(values => values))
            file.Write(value);
    }

    string[] libraries = NativeLibraries();
    Expect(libraries.Length == 0, $"loaded: {string.Join(", ", libraries)}");
    if (libtorchIsMissing)
    {
        var labeled = mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        var trainer = mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options { FeatureColumnName = "ImagePath", PretrainedModel = checkpoint });
        Refuses("Fit", () => trainer.Fit(labeled));
        Refuses("Explain", () => pretrained.Explain(photos[0].ImagePath));
        Refuses("ScoringPrecision.BFloat16", () => pretrained.ScoringPrecision = ScoringPrecision.BFloat16);
        using var opened = VisionTransformerCheckpoint.Load(checkpoint);
        Refuses("CreateNetwork", () => opened.CreateNetwork());
        Refuses("new VisionTransformerNetwork", () => new VisionTransformerNetwork(opened.Architecture, seed: 0));
        Expect(Same(scores, Scores(pretrained, rows)), "the scores changed after the refusals");
    }

    Console.WriteLine($"{photos.Length} photos, {scores[0].Length} classes, {embeddings[0].Length} features; {(libtorchIsMissing ? "libtorch is not here" : "libtorch is here, and not loaded")}");
    return 0;
}

static float[][] Scores(ITransformer model, IDataView rows) => [.. model.Transform(rows).GetColumn<float[]>("Score")];

static bool Same(float[][] x, float[][] y) => x.Length == y.Length && x.Zip(y).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

// A batch of one image is computed in another order than a batch of sixteen.
static bool Close(float[] x, float[] y) => x.Length == y.Length && x.Zip(y).All(pair => Math.Abs(pair.First - pair.Second) < 1e-6f);

static string[] NativeLibraries()
{
    var files = OperatingSystem.IsLinux()
        ? File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1]).Where(path => path.Contains(".so", StringComparison.Ordinal))
        : Process.GetCurrentProcess().Modules.Cast<ProcessModule>().Select(module => module.FileName).Where(path => !path.EndsWith("TorchSharp.dll", StringComparison.Ordinal) || path.Contains("native", StringComparison.Ordinal));
    return [.. files.Select(path => Path.GetFileName(path)!).Where(name => name.Contains("torch", StringComparison.OrdinalIgnoreCase) || name.Contains("c10", StringComparison.Ordinal)).Distinct()];
}

// One error that names the package; its text has no lines of a stack trace.
static void Refuses(string what, Action action)
{
    try
    {
        action();
    }
    catch (Exception e) when (e is InvalidOperationException || (e is NotSupportedException && e.Message.Contains("processor", StringComparison.Ordinal)))
    {
        Expect(e is NotSupportedException || e.Message.Contains("libtorch-cpu-", StringComparison.Ordinal), $"{what}: {e.Message}");
        Expect(!e.Message.Contains('\n', StringComparison.Ordinal) && !e.Message.Contains("   at ", StringComparison.Ordinal), $"{what}: {e.Message}");
        Console.WriteLine($"{what}: {e.Message}");
        return;
    }

    throw new InvalidOperationException($"{what} did not fail without libtorch");
}

static void Expect(bool holds, string otherwise)
{
    if (!holds)
        throw new InvalidOperationException(otherwise);
}

internal sealed class Photo
{
    public string ImagePath { get; set; } = "";

    public string Label => Path.GetFileName(Path.GetDirectoryName(ImagePath))!;
}

internal sealed class Answer
{
    public float[]? Score { get; set; }
}
