// Does a process that loads, scores, saves and disposes models for a long time leak resources?
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// Rounds of typical work of services and tools: load a model, score on several threads with Transform and with prediction engines, handle images that
/// cannot be read, abandon scoring halfway, save, dispose.
/// </summary>
internal sealed class Soak : IDisposable
{
    internal const string Command = "soak";

    private const int Threads = 4, EnginesInBulk = 16, WarmUpRounds = 20;

    /// <summary>Tolerated growth between the end of the warm-up and the end of the run.</summary>
    private const long AllowedMemory = 32 << 20, AllowedHandles = 8, AllowedThreads = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("vit-soak-").FullName;
    private readonly string _zip;
    private readonly string? _only;

    private Soak(string? only)
    {
        _only = only;
        var context = new MLContext(seed: 1);
        using var model = SmallModel.Make(context);
        _zip = Path.Combine(_folder, "model.zip");
        context.Model.Save(model, context.Data.LoadFromEnumerable(SmallModel.Photos).Schema, _zip);
    }

    /// <param name="minutes">Duration in minutes.</param>
    /// <param name="only">
    /// A single kind of work besides loading, to find a leak: load, rows, engines, save, onnx, or mlnet, which uses ML.NET's own transformer. Null for all.
    /// </param>
    /// <returns>0 if the process did not grow.</returns>
    internal static int Run(double minutes, string? only)
    {
        using var soak = new Soak(only);
        for (int round = 0; round < WarmUpRounds; round++)
            soak.Round(round);
        var start = ProcessState.Now();
        Console.WriteLine($"start: {start}");
        var clock = Stopwatch.StartNew();
        double reported = 0;
        int rounds = 0;
        while (clock.Elapsed.TotalMinutes < minutes)
        {
            soak.Round(WarmUpRounds + rounds++);
            if (clock.Elapsed.TotalMinutes - reported >= Math.Max(minutes / 15, 0.1))
            {
                reported = clock.Elapsed.TotalMinutes;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{reported,6:F1} minutes, {rounds} rounds: {ProcessState.Now()}"));
            }
        }

        return Evaluate(start, ProcessState.Now());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int Evaluate(ProcessState start, ProcessState end)
    {
        Console.WriteLine($"end:   {end}");
        bool same = end.WorkingSet - start.WorkingSet <= AllowedMemory && end.Tensors == start.Tensors
            && end.Handles - start.Handles <= AllowedHandles && end.Threads - start.Threads <= AllowedThreads;
        Console.WriteLine(same ? "ends where it began" : "DOES NOT END WHERE IT BEGAN");
        return same ? 0 : 1;
    }

    private void Round(int number)
    {
        var context = new MLContext(seed: number);
        if (_only == "mlnet")
        {
            WithoutModel(context, number);
            return;
        }

        var model = context.Model.Load(_zip, out var schema);
        using (model as IDisposable)
        {
            if (_only is null)
                All(context, model, schema, number);
            else
                One(context, model, schema, number);
        }
    }

    private void All(MLContext context, ITransformer model, DataViewSchema schema, int number)
    {
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            if (thread % 2 == 0)
                ScoreRows(context, model, half: number % 3 == 0);
            else
                ScoreOneByOne(context, model, number);
        });
        if (number % 4 == 0)
            Save(context, model, schema);
        if (number % 8 == 0)
            Export(model);
    }

    private void One(MLContext context, ITransformer model, DataViewSchema schema, int number)
    {
        switch (_only)
        {
            case "load":
                break;
            case "rows":
                ScoreRows(context, model, half: number % 3 == 0);
                break;
            case "engines":
                ScoreOneByOne(context, model, number);
                break;
            case "save":
                Save(context, model, schema);
                break;
            case "onnx":
                Export(model);
                break;
            default:
                throw new ArgumentException($"'{_only}' is no work of the soak: load, rows, engines, save, onnx, mlnet.");
        }
    }

    /// <summary>The same number of views and engines with ML.NET's own transformer: growth here is not caused by this library.</summary>
    private static void WithoutModel(MLContext context, int number)
    {
        var photos = context.Data.LoadFromEnumerable(SmallModel.Photos);
        var copied = context.Transforms.CopyColumns("Score", "Image").Fit(photos);
        for (int i = 0; i < Threads / 2; i++)
            GC.KeepAlive(copied.Transform(photos).GetColumn<byte[]>("Score").Count());
        for (int i = 0; i < EnginesInBulk * Threads / 2; i++)
        {
            using var engine = context.Model.CreatePredictionEngine<Photo, Bytes>(copied);
            GC.KeepAlive(engine.Predict(SmallModel.Photos[number % SmallModel.Photos.Length]));
        }
    }

    private void Save(MLContext context, ITransformer model, DataViewSchema schema) => context.Model.Save(model, schema, Path.Combine(_folder, "again.zip"));

    private void Export(ITransformer model) => ((VisionTransformerPredictionTransformer)model).SaveAsOnnx(Path.Combine(_folder, "model.onnx"));

    private static void ScoreRows(MLContext context, ITransformer model, bool half)
    {
        var scored = model.Transform(context.Data.LoadFromEnumerable(SmallModel.Photos));
        var scores = scored.GetColumn<float[]>("Score");
        GC.KeepAlive((half ? scores.Take(SmallModel.Photos.Length / 2) : scores).Count());
    }

    private static void ScoreOneByOne(MLContext context, ITransformer model, int number)
    {
        var engines = Enumerable.Range(0, EnginesInBulk).Select(_ =>
            context.Model.CreatePredictionEngine<Photo, Scores>(model, new PredictionEngineOptions { OwnsTransformer = false })).ToArray();
        foreach (var engine in engines)
            GC.KeepAlive(engine.Predict(SmallModel.Photos[number % SmallModel.Photos.Length]));
        try
        {
            engines[0].Predict(new Photo { Image = SmallModel.Photos[0].Image[..100] });
        }
        catch (InvalidImageException)
        {
            // Expected; a service responds with 422.
        }

        Array.ForEach(engines, engine => engine.Dispose());
    }

    private sealed class Bytes
    {
        public byte[] Score { get; set; } = [];
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
