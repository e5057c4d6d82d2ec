// Classifies photos with a pool of prediction engines, as many at a time as there are engines.
using System.Threading.RateLimiting;
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.VisionTransformer;

namespace WebService;

/// <summary>Thread-safe. Requests beyond the engines wait in the order in which they came; beyond those that may wait they are refused.</summary>
internal sealed class Classifier : IDisposable
{
    private readonly VisionTransformerPredictionTransformer _model;
    private readonly ObjectPool<PredictionEngine<Photo, Scores>> _engines;
    private readonly ConcurrencyLimiter _turns;
    private readonly ServiceSettings _settings;

    public Classifier(ServedModel model, ServiceSettings settings)
    {
        _model = model.Transformer;
        _settings = settings;
        _engines = new DefaultObjectPool<PredictionEngine<Photo, Scores>>(new EnginePolicy(model, settings), settings.Engines);
        _turns = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = settings.Engines,
            QueueLimit = settings.Waiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>Whether the next photo would be refused.</summary>
    internal bool IsFull => _turns.GetStatistics() is { CurrentAvailablePermits: 0 } now && now.CurrentQueuedCount >= _settings.Waiting;

    /// <summary>Makes the engines and runs each once, so that the first photos are no slower than the others.</summary>
    internal void WarmUp()
    {
        byte[] image = DemoImages.Paint(DemoImages.Colors.Keys.First(), new Random(1));
        var engines = Enumerable.Range(0, _settings.Engines).Select(_ => _engines.Get()).ToArray();
        foreach (var engine in engines)
        {
            engine.Predict(new Photo { Image = image });
            _engines.Return(engine);
        }
    }

    /// <summary>The classes, most probable first.</summary>
    /// <exception cref="RefusedException">The photo cannot be read, or too many are waiting.</exception>
    /// <exception cref="OperationCanceledException">Whoever asked has gone.</exception>
    internal async Task<IReadOnlyList<ClassProbability>> ClassifyAsync(byte[] photo, CancellationToken cancellation)
    {
        UploadedImage.Check(photo, _settings.MaxPixels);
        using var turn = await _turns.AcquireAsync(permitCount: 1, cancellation);
        if (!turn.IsAcquired)
            throw new RefusedException(StatusCodes.Status503ServiceUnavailable, "Too many photos are waiting. Send it again in a moment.");
        return Rank(Score(photo));
    }

    public void Dispose() => _turns.Dispose();

    private float[] Score(byte[] photo)
    {
        var engine = _engines.Get();
        try
        {
            return engine.Predict(new Photo { Image = photo }).Score;
        }
        catch (InvalidImageException e)
        {
            throw new RefusedException(StatusCodes.Status422UnprocessableEntity, ForTheSender(e.Message), e);
        }
        finally
        {
            // After an error, too: an engine keeps nothing of the photo that failed.
            _engines.Return(engine);
        }
    }

    /// <summary>The library names the cell of the data that the image is in, which means nothing to whoever sent it.</summary>
    private string ForTheSender(string message)
    {
        string cell = $"of column '{_settings.ImageColumn}' ";
        int at = message.IndexOf(cell, StringComparison.Ordinal);
        return at < 0 ? message : $"The photo {message[(at + cell.Length)..]}";
    }

    private ClassProbability[] Rank(float[] scores)
    {
        // A model may have been trained to give "missing" for what it cannot read.
        if (Array.Exists(scores, float.IsNaN))
            throw new RefusedException(StatusCodes.Status422UnprocessableEntity, "The photo cannot be read: it is damaged, incomplete, or no image.");
        return [.. _model.ClassNames.Zip(scores, (name, score) => new ClassProbability(name, score)).OrderByDescending(c => c.Probability)];
    }
}

/// <summary>A class and its probability, in [0, 1].</summary>
internal sealed record ClassProbability(string Name, float Probability);
