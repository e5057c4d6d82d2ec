// Scores images in batches; one that cannot be read does not stop the others.
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

internal static class BatchScoring
{
    internal const int BatchSize = 32;

    /// <summary>Scores lazily, in order.</summary>
    /// <exception cref="OperationCanceledException">Between two batches.</exception>
    internal static IEnumerable<ScoredImage> Score(IImageScorer model, IReadOnlyList<InputImage> images, CancellationToken cancellation)
    {
        foreach (var batch in images.Chunk(BatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var scored in Score(model, batch))
                yield return scored;
        }
    }

    private static ScoredImage[] Score(IImageScorer model, InputImage[] batch)
    {
        var readable = batch.Where(image => image.Problem is null).ToArray();
        float[][] scores;
        try
        {
            scores = model.Score([.. readable.Select(image => image.Path)]);
        }
        catch (Exception e) when (IsAboutAnImage(e))
        {
            return [.. batch.Select(image => Alone(model, image))];    // which of them it is shows when each is scored by itself
        }

        var found = readable.Zip(scores).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. batch.Select(image => found.TryGetValue(image, out float[]? values) ? Of(model, image, values) : new ScoredImage(image, null, image.Problem))];
    }

    private static ScoredImage Alone(IImageScorer model, InputImage image)
    {
        if (image.Problem is not null)
            return new ScoredImage(image, null, image.Problem);
        try
        {
            return Of(model, image, model.Score([image.Path])[0]);
        }
        catch (Exception e) when (IsAboutAnImage(e))
        {
            return new ScoredImage(image, null, ImageProblem.Of(e, image));
        }
    }

    /// <summary>A model that passes over broken images gives NaN for them.</summary>
    private static ScoredImage Of(IImageScorer model, InputImage image, float[] scores) =>
        float.IsNaN(scores[0]) ? new ScoredImage(image, null, model.WhyMissing(image)) : new ScoredImage(image, scores, null);

    private static bool IsAboutAnImage(Exception e) => e is IOException or UnauthorizedAccessException;
}
