// One loaded classifier with its prediction engines. It is disposed when it was replaced and its last request has ended.
using System.Collections.Concurrent;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Hosting.Models;

/// <summary>Thread-safe. Owns the weights; the engines use them.</summary>
internal sealed class ServedModel : IDisposable
{
    private const int WarmUpSide = 64;

    private readonly LoadedModel _model;
    private readonly string _column;
    private readonly ConcurrentBag<PredictionEngine<Photo, Scores>> _engines = [];
    private readonly object _lock = new();
    private int _users;
    private bool _retired;

    private ServedModel(LoadedModel model, string? column)
    {
        _model = model;
        Transformer = model.Find<VisionTransformerPredictionTransformer>()
            ?? throw new InvalidDataException($"{model.Source} does not contain a Vision Transformer that classifies.");
        _column = model.FindImageColumn(Transformer, column);
    }

    /// <summary>The classifier without the steps before it in a saved pipeline, which prepare labels and read files.</summary>
    internal VisionTransformerPredictionTransformer Transformer { get; }

    /// <summary>The number of models that are loaded and not yet disposed, in all services of the process.</summary>
    internal static int Alive => Volatile.Read(ref _alive);

    private static int _alive;

    /// <exception cref="IOException">The model cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or is not a model that classifies.</exception>
    internal static ServedModel Load(VisionTransformerClassifierOptions options)
    {
        var loaded = ModelLoader.Load(options, (context, path, column) => context.Model.LoadVisionTransformer(path, column));
        try
        {
            var model = new ServedModel(loaded, options.ImageColumn);
            if (options.ScoringPrecision is { } precision)
                model.Transformer.ScoringPrecision = precision;
            if (options.WarmUp)
                model.WarmUp(options);
            Interlocked.Increment(ref _alive);
            return model;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    internal bool IsInUse => Volatile.Read(ref _users) > 0;

    /// <summary>Keeps the model alive until the result is disposed; false if it is retired already.</summary>
    internal bool TryUse()
    {
        lock (_lock)
        {
            if (_retired)
                return false;
            _users++;
            return true;
        }
    }

    /// <summary>The end of a use.</summary>
    internal void Release()
    {
        lock (_lock)
        {
            if (--_users > 0 || !_retired)
                return;
        }

        Free();
    }

    /// <summary>The probabilities of the classes, in the order of their names.</summary>
    internal float[] Score(byte[] image)
    {
        var engine = _engines.TryTake(out var idle) ? idle : CreateEngine();
        try
        {
            return engine.Predict(new Photo { Image = image }).Score;
        }
        finally
        {
            // After an error, too: the engine can be used again.
            _engines.Add(engine);
        }
    }

    /// <summary>Takes no further requests, and frees the weights when those in progress have ended.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_retired)
                return;
            _retired = true;
            if (_users > 0)
                return;
        }

        Free();
    }

    private void Free()
    {
        while (_engines.TryTake(out var engine))
            engine.Dispose();
        _model.Dispose();
        Interlocked.Decrement(ref _alive);
    }

    /// <summary>An engine adds a few buffers to the model. It is not thread-safe, so each request takes one that is idle.</summary>
    private PredictionEngine<Photo, Scores> CreateEngine()
    {
        var input = SchemaDefinition.Create(typeof(Photo));
        input[nameof(Photo.Image)].ColumnName = _column;

        // OwnsTransformer is true by default: disposing one engine would free the weights that all use.
        return _model.Context.Model.CreatePredictionEngine<Photo, Scores>(
            Transformer, new PredictionEngineOptions { InputSchemaDefinition = input, OwnsTransformer = false });
    }

    /// <summary>Creates the engines and runs each once. The first pass of an engine allocates its buffers.</summary>
    private void WarmUp(VisionTransformerClassifierOptions options)
    {
        byte[] image = GrayImage();
        var engines = Enumerable.Range(0, options.Engines).Select(_ => CreateEngine()).ToArray();
        foreach (var engine in engines)
        {
            engine.Predict(new Photo { Image = image });
            LibtorchThreads.LimitIfLoaded(options.LibtorchThreads);
            _engines.Add(engine);
        }
    }

    private static byte[] GrayImage()
    {
        using var bitmap = new SKBitmap(WarmUpSide, WarmUpSide);
        bitmap.Erase(SKColors.Gray);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>The input of an engine.</summary>
    internal sealed class Photo
    {
        public byte[] Image { get; set; } = [];
    }

    /// <summary>The output of an engine.</summary>
    internal sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
