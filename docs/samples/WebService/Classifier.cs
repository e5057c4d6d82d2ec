// Classifies photos with a pool of prediction engines, as many at a time as there are engines, and explains classes.
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.VisionTransformer;

namespace WebService;

/// <summary>Thread-safe. Photos wait for their turn in the order in which they came; see <see cref="Turns"/>.</summary>
internal sealed class Classifier(ServedModel model, ServiceSettings settings, Turns turns)
{
    private readonly ObjectPool<PredictionEngine<Photo, Scores>> _engines =
        new DefaultObjectPool<PredictionEngine<Photo, Scores>>(new EnginePolicy(model, settings), settings.Engines);

    /// <summary>Creates the engines and runs each once, so that the first photos are as fast as later ones.</summary>
    internal void WarmUp()
    {
        byte[] image = DemoImages.Paint(DemoImages.Colors.Keys.First(), new Random(1));
        var engines = Enumerable.Range(0, settings.Engines).Select(_ => _engines.Get()).ToArray();
        foreach (var engine in engines)
        {
            engine.Predict(new Photo { Image = image });
            _engines.Return(engine);
        }
    }

    /// <summary>The classes, most probable first.</summary>
    /// <exception cref="RefusedException">The photo cannot be read, or too many are waiting.</exception>
    /// <exception cref="OperationCanceledException">The client has closed the connection.</exception>
    internal async Task<IReadOnlyList<ClassProbability>> ClassifyAsync(byte[] photo, CancellationToken cancellation)
    {
        using var turn = await turns.WaitAsync(UploadedImage.CountPixels(photo, settings.MaxPixels), cancellation);
        return Rank(Score(photo));
    }

    /// <summary>A PNG that shows which parts of the photo contributed to a class.</summary>
    /// <param name="photo">The content of an image file.</param>
    /// <param name="index">The index of the class, because several classes can have the same name; null for the most probable one.</param>
    /// <param name="cancellation">Canceled when the client closes the connection.</param>
    /// <exception cref="RefusedException">The photo cannot be read, there is no such class, too many photos are waiting, or the network has no attention maps.</exception>
    /// <exception cref="OperationCanceledException">The client has closed the connection.</exception>
    internal async Task<byte[]> ExplainAsync(byte[] photo, int? index, CancellationToken cancellation)
    {
        int classes = model.Transformer.ClassNames.Count;
        if (index < 0 || index >= classes)
            throw new RefusedException(StatusCodes.Status400BadRequest, $"The model has no class with index {index}; it has {classes} classes, numbered from 0.");
        using var turn = await turns.WaitToExplainAsync(UploadedImage.CountPixels(photo, settings.MaxPixels), cancellation);
        try
        {
            return model.Transformer.Explain(photo, new ExplanationOptions { ClassIndex = index }).PhotoOverlayPng();
        }
        catch (InvalidImageException e)
        {
            throw Unreadable(e);
        }
        catch (NotSupportedException e)
        {
            throw new RefusedException(StatusCodes.Status501NotImplemented, $"This model cannot show what its answer is based on. {e.Message}", e);
        }
    }

    private float[] Score(byte[] photo)
    {
        var engine = _engines.Get();
        try
        {
            return engine.Predict(new Photo { Image = photo }).Score;
        }
        catch (InvalidImageException e)
        {
            throw Unreadable(e);
        }
        finally
        {
            // After an error, too: the engine can be used again.
            _engines.Return(engine);
        }
    }

    /// <summary>
    /// The library says where the image is (a row and a column of data), what is wrong with it, and what a developer can do. The person who sent the photo needs
    /// what is wrong.
    /// </summary>
    private static RefusedException Unreadable(InvalidImageException e)
    {
        string[] verbs = ["cannot be read", "is a ", "is empty", "declares "];
        int problem = verbs.Select(v => e.Message.IndexOf(v, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        string reason = problem < 0 ? "cannot be read" : e.Message[problem..].Split(". ")[0].TrimEnd('.');
        return new(StatusCodes.Status422UnprocessableEntity, $"The photo {reason}. Choose another photo.", e);
    }

    private ClassProbability[] Rank(float[] scores)
    {
        // A model can be trained to give missing values for images that it cannot read.
        if (Array.Exists(scores, float.IsNaN))
        {
            throw new RefusedException(
                StatusCodes.Status422UnprocessableEntity, "The photo cannot be read: it is damaged, incomplete, or not an image. Choose another photo.");
        }

        return [.. model.Transformer.ClassNames.Select((name, index) => new ClassProbability(name, scores[index], index)).OrderByDescending(c => c.Probability)];
    }
}

/// <summary>A class, its probability in [0, 1], and its index among the classes of the model.</summary>
internal sealed record ClassProbability(string Name, float Probability, int Index);
