// Evaluates a model on labeled images.
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Progress;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <param name="Evaluation">The metrics.</param>
/// <param name="Skipped">Images that were skipped, and why.</param>
internal sealed record EvaluatedImages(EvaluationResult Evaluation, IReadOnlyList<ScoredImage> Skipped);

internal static class Evaluator
{
    /// <param name="model">The model.</param>
    /// <param name="images">The images, whose labels must be classes of the model.</param>
    /// <param name="skipInvalid">Whether to skip an image that cannot be read; otherwise it is an error.</param>
    /// <param name="context">The process group and the cancellation.</param>
    /// <param name="display">Shows the progress.</param>
    /// <exception cref="InvalidDataException">A label is not a class of the model, or an image cannot be read.</exception>
    internal static EvaluatedImages Run(Classifier model, IReadOnlyList<LabeledImage> images, bool skipInvalid, CommandContext context, IProgressDisplay display)
    {
        int[] labels = model.Classes.IndexesOf(images);

        var (evaluated, skipped) = (new List<ScoredRow>(), new List<ScoredImage>());
        var inputs = images.Select(image => new InputImage(image.Image, image.Image)).ToArray();
        foreach (var scored in DistributedScoring.Score(context.Group, model, inputs, context.Cancellation))
        {
            if (scored.Values is { } probabilities)
                evaluated.Add(Row(scored.Image.Path, labels[evaluated.Count + skipped.Count], probabilities));
            else if (skipInvalid)
                skipped.Add(scored);
            else
                throw ImageProblem.Error(scored);
            display.Images("evaluating images", evaluated.Count + skipped.Count, images.Count);
        }

        return new EvaluatedImages(
            EvaluationResult.Of(evaluated, model.Classes.Count) ?? throw new InvalidDataException("There are no images to evaluate the model on."), skipped);
    }

    private static ScoredRow Row(string path, int label, float[] probabilities) => new() { Name = path, Path = path, Label = label, Probabilities = probabilities };
}
