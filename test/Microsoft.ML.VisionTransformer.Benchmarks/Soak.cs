// Does a process that loads, scores, saves and disposes models for a long time end where it began?
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// Rounds of what services and tools do: load a model, score with it on several threads by Transform and by prediction engines, meet images that cannot be read, give up
/// scoring half-way, save, dispose.
/// </summary>
internal sealed class Soak : IDisposable
{
    internal const string Command = "soak";

    private const int Threads = 4, EnginesInBulk = 16, WarmUpRounds = 20;

    /// <summary>What may be left more at the end than after the warm-up.</summary>
    private const long AllowedMemory = 32 << 20, AllowedHandles = 8, AllowedThreads = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("vit-soak-").FullName;
    private readonly string _zip;
    private readonly int _parameters;

    private Soak()
    {
        var context = new MLContext(seed: 1);
        using var model = SmallModel.Make(context);
        _zip = Path.Combine(_folder, "model.zip");
        context.Model.Save(model, context.Data.LoadFromEnumerable(SmallModel.Photos).Schema, _zip);
        using var network = new VisionTransformerNetwork(model.Architecture);
        _parameters = network.parameters().Count();
    }

    /// <returns>0 where the process ended where it began.</returns>
    internal static int Run(double minutes)
    {
        using var soak = new Soak();
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
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{reported,6:F1} minutes, {rounds} rounds: {soak.Counted(ProcessState.Now(), rounds)}"));
            }
        }

        return Judge(start, soak.Counted(ProcessState.Now(), rounds));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int Judge(ProcessState start, ProcessState end)
    {
        Console.WriteLine($"end:   {end}");
        bool same = end.WorkingSet - start.WorkingSet <= AllowedMemory && end.Tensors == start.Tensors
            && end.Handles - start.Handles <= AllowedHandles && end.Threads - start.Threads <= AllowedThreads;
        Console.WriteLine(same ? "ends where it began" : "DOES NOT END WHERE IT BEGAN");
        return same ? 0 : 1;
    }

    /// <summary>TorchSharp counts a parameter twice when it takes over a tensor and once when it is disposed; a round loads one model.</summary>
    private ProcessState Counted(ProcessState state, int rounds) => state with { Tensors = state.Tensors - (long)rounds * _parameters };

    private void Round(int number)
    {
        var context = new MLContext(seed: number);
        var model = context.Model.Load(_zip, out var schema);
        using (model as IDisposable)
        {
            Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
            {
                if (thread % 2 == 0)
                    ScoreRows(context, model, half: number % 3 == 0);
                else
                    ScoreOneByOne(context, model, number);
            });
            if (number % 4 == 0)
                context.Model.Save(model, schema, Path.Combine(_folder, "again.zip"));
            if (number % 8 == 0)
                ((VisionTransformerPredictionTransformer)model).SaveAsOnnx(Path.Combine(_folder, "model.onnx"));
        }
    }

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
            // As it should be; a service answers 422.
        }

        Array.ForEach(engines, engine => engine.Dispose());
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
