// What a model made of an image.
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <param name="Image">The image.</param>
/// <param name="Values">A probability for each class, in the order of the model's classes, or an embedding; null where the image could not be read.</param>
/// <param name="Problem">Why not.</param>
internal sealed record ScoredImage(InputImage Image, float[]? Values, string? Problem);
