// Scores images in batches; an image that cannot be read does not stop the others.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>A model that maps images to vectors: class probabilities or embeddings.</summary>
internal interface IImageScorer
{
    /// <summary>Scores several images as one batch; one vector per image.</summary>
    /// <exception cref="InvalidImageException">An image cannot be read, and the model does not skip it.</exception>
    float[][] Score(IReadOnlyList<string> paths);

    /// <summary>Why the model returned NaN for an image.</summary>
    string ReasonForMissingScores(InputImage image);
}

/// <param name="Image">The image.</param>
/// <param name="Values">The probability of each class, in the order of the model's classes, or an embedding; null if the image could not be read.</param>
/// <param name="Problem">Why the image could not be read; null if it could.</param>
internal sealed record ScoredImage(InputImage Image, float[]? Values, string? Problem);

internal static class BatchScoring
{
    internal const int BatchSize = 32;

    /// <summary>Scores the images lazily, in order.</summary>
    /// <exception cref="OperationCanceledException">Cancellation was requested; checked between batches.</exception>
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
            return [.. batch.Select(image => ScoreOne(model, image))];    // score one by one to find the image that fails
        }

        int next = 0;
        return [.. batch.Select(image => image.Problem is null ? Of(model, image, scores[next++]) : new ScoredImage(image, null, image.Problem))];
    }

    private static ScoredImage ScoreOne(IImageScorer model, InputImage image)
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

    /// <summary>A model that skips invalid images returns NaN for them.</summary>
    private static ScoredImage Of(IImageScorer model, InputImage image, float[] scores) =>
        float.IsNaN(scores[0]) ? new ScoredImage(image, null, model.ReasonForMissingScores(image)) : new ScoredImage(image, scores, null);

    private static bool IsAboutAnImage(Exception e) => e is IOException or UnauthorizedAccessException;
}

internal static class ReadableImage
{
    /// <summary>Reads and decodes an image as scoring does.</summary>
    /// <returns>Why it cannot be used; null if it can.</returns>
    internal static string? Problem(string path, ImagePreprocessing preprocessing)
    {
        try
        {
            TrainingAugmentations.None.Preview([File.ReadAllBytes(path)], preprocessing, epochs: 1);
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"the file {MissingPath.Describe(path)}";
        }
        catch (UnauthorizedAccessException)
        {
            return Directory.Exists(path) ? "it is a folder" : "permission denied";
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            return ImageProblem.Of(e, new InputImage(path, path));
        }
    }
}

internal static partial class ImageProblem
{
    /// <summary>Advice at the end of an error about an image, for commands that can leave it out.</summary>
    internal const string SkipAdvice = "(--on-invalid-image skip leaves such images out.)";

    /// <summary>The error for an image that cannot be used and is not skipped.</summary>
    internal static InvalidDataException Error(ScoredImage scored) => new($"{MessageText.OfPath(scored.Image.Name)}: {scored.Problem} {SkipAdvice}");

    /// <summary>Why an image cannot be used, without the path and the row that the library's message starts with: the caller prints the image's name.</summary>
    internal static string Of(Exception error, InputImage image)
    {
        string message = FailureMessage.Of(error).Replace(Path.GetFullPath(image.Path), "", StringComparison.Ordinal).Replace(image.Path, "", StringComparison.Ordinal);
        return OptionNames.WithoutPropertyHints(Position().Replace(message, "").Trim());
    }

    [GeneratedRegex(@"^\s*(\((the image|row)[^)]*\)|image 1\b)")]
    private static partial Regex Position();
}
