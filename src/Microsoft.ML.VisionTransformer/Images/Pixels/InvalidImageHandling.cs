// How training and prediction handle an image that cannot be read, and the exception for it.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// What happens to a row if its image cannot be read because it is broken, truncated, of an unknown format, too large,
/// or missing. Other rows are not affected.
/// </summary>
/// <seealso cref="InvalidImageException"/>
public enum InvalidImageHandling
{
    /// <summary>
    /// Throws an <see cref="InvalidImageException"/>. Its message names the row, the file if it is known, and the
    /// reason.
    /// </summary>
    Throw,

    /// <summary>
    /// For training only. The row is skipped and counted, and <see cref="TrainingHistory"/> lists it with the reason.
    /// </summary>
    Skip,

    /// <summary>
    /// For prediction only. Every score, or every value of the embedding, is NaN, and the predicted label is missing
    /// (key 0).
    /// </summary>
    Missing,
}

/// <summary>
/// An image could not be read. The message names the file, row or column, and says what is wrong and what to do.
/// </summary>
/// <example>
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// File.WriteAllText("broken.jpg", "not an image");
/// var mlContext = new MLContext();
/// var rows = mlContext.Data.LoadFromEnumerable(new[] { new { ImagePath = "broken.jpg" } });
/// const string Id = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";
///
/// using var strict = mlContext.Model.LoadVisionTransformer(Id, "ImagePath");
/// try
/// {
///     _ = strict.Transform(rows).GetColumn<float[]>("Score").ToArray();
/// }
/// catch (InvalidImageException error)
/// {
///     Console.WriteLine(error.Message);
/// }
///
/// var options = new VisionTransformerLoadOptions { OnInvalidImage = InvalidImageHandling.Missing };
/// using var tolerant = mlContext.Model.LoadVisionTransformer(Id, "ImagePath", options);
/// Console.WriteLine(tolerant.Transform(rows).GetColumn<float[]>("Score").First()[0]);    // NaN
/// ]]></code>
/// </example>
public sealed class InvalidImageException : IOException
{
    /// <summary>Creates an exception without a message.</summary>
    public InvalidImageException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public InvalidImageException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and a cause.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidImageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Checks which handling is allowed in training and in prediction.</summary>
internal static class InvalidImageRules
{
    /// <exception cref="ArgumentException">The value is not allowed in training.</exception>
    internal static InvalidImageHandling ForTraining(InvalidImageHandling handling, string name)
    {
        Guard.That(
            Guard.Defined(handling, name) != InvalidImageHandling.Missing,
            name,
            $"{name} is Missing, which is for prediction only: training cannot use a row without an image. "
            + "Use Throw or Skip here, and OnInvalidImageInPrediction for the model.");
        return handling;
    }

    /// <exception cref="ArgumentException">The value is not allowed in prediction.</exception>
    internal static InvalidImageHandling ForPrediction(InvalidImageHandling handling, string name)
    {
        Guard.That(
            Guard.Defined(handling, name) != InvalidImageHandling.Skip,
            name,
            $"{name} is Skip, which is for training only: prediction returns a result for every row. Use Throw or Missing here.");
        return handling;
    }
}
