// What becomes of a row whose image cannot be read.
namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// What becomes of a row whose image cannot be read: broken, cut off, of an unknown format, too large, or not there. Whatever it is, the rows beside it
/// are not touched.
/// </summary>
public enum InvalidImageHandling
{
    /// <summary>An <see cref="InvalidImageException"/> that names the row, the file where it is known, and the reason.</summary>
    Throw,

    /// <summary>In training alone: the row is left out, counted, and listed with its reason in <see cref="TrainingHistory"/>.</summary>
    Skip,

    /// <summary>In prediction alone: NaN for every score or number of the embedding, and a missing predicted label (key 0).</summary>
    Missing,
}
