// Checks before a training that every image can be read, so that an error does not end it hours later.
using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal static class ImageCheck
{
    private const int MaxListed = 20, Side = 16;

    /// <summary>Decodes all images, including those of the test share.</summary>
    /// <exception cref="InvalidDataException">An image cannot be read and images are not skipped, or no test image can be read.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    internal static void Run(TestSplit split, VisionTransformerTrainer.Options options, CommandContext context)
    {
        LabeledImage[] images = [.. split.Training, .. split.Test];
        // The size does not matter here, and a small one is fast.
        var preprocessing = (options.Preprocessing ?? new ImagePreprocessing()) with { Size = new ImageDimensions(Side, Side) };
        var problems = context.WithProgress(display => Problems(images, preprocessing, done => display.Images("checking images", done, images.Length), context.Cancellation));
        if (problems.IsEmpty)
            return;
        if (options.OnInvalidImage == InvalidImageHandling.Skip)
        {
            if (split.Test.Length > 0 && Array.TrueForAll(split.Test, problems.ContainsKey))
                throw new InvalidDataException($"None of the {split.Test.Length} test images can be read. The first: {Line(split.Test[0], problems)}");
            return;
        }

        LabeledImage[] bad = [.. images.Where(problems.ContainsKey)];
        if (bad.Length > 1)
        {
            foreach (var image in bad.Take(MaxListed))
                context.WriteMessage(Line(image, problems));
            if (bad.Length > MaxListed)
                context.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"... and {bad.Length - MaxListed:N0} more"));
        }

        throw new InvalidDataException(bad.Length == 1
            ? $"{Line(bad[0], problems)} {ImageProblem.SkipAdvice}"
            : string.Create(CultureInfo.InvariantCulture, $"{bad.Length:N0} of {images.Length:N0} images cannot be read. Training was not started. {ImageProblem.SkipAdvice}"));
    }

    private static ConcurrentDictionary<LabeledImage, string> Problems(
        LabeledImage[] images, ImagePreprocessing preprocessing, Action<int> progress, CancellationToken cancellation)
    {
        var problems = new ConcurrentDictionary<LabeledImage, string>();
        int done = 0;
        var showing = new Lock();
        Parallel.ForEach(images, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, image =>
        {
            if (ReadableImage.Problem(image.Image, preprocessing) is { } problem)
                problems[image] = problem;
            lock (showing)
                progress(++done);
        });
        return problems;
    }

    private static string Line(LabeledImage image, ConcurrentDictionary<LabeledImage, string> problems) => $"{MessageText.OfPath(DisplayPath.Of(image.Image))}: {problems[image]}";
}
