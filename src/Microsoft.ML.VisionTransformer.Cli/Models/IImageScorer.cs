// What gives numbers for images.
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

internal interface IImageScorer
{
    /// <summary>The numbers of some images at once.</summary>
    /// <exception cref="InvalidImageException">One cannot be read, and the model does not pass over it.</exception>
    float[][] Score(IReadOnlyList<string> paths);

    /// <summary>Why an image got no numbers but NaN.</summary>
    string WhyMissing(InputImage image);
}
