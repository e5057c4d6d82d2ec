// What is to be explained, and how.
namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Options of <see cref="VisionTransformerPredictionTransformer.Explain(string, ExplanationOptions?)"/>. Without a class, the predicted one is explained.
/// </summary>
public sealed record ExplanationOptions
{
    /// <summary>How the map is made. Default <see cref="ExplanationMethod.GradientAttention"/>.</summary>
    public ExplanationMethod Method { get; init; } = ExplanationMethod.GradientAttention;

    /// <summary>The class to explain, by name; upper and lower case differ. Default null: by <see cref="ClassIndex"/>, or the predicted class.</summary>
    public string? ClassName { get; init; }

    /// <summary>
    /// The class to explain by its place in <see cref="VisionTransformerPredictionTransformer.ClassNames"/>, from 0. Default null: by
    /// <see cref="ClassName"/>, or the predicted class. Not together with <see cref="ClassName"/>.
    /// </summary>
    public int? ClassIndex { get; init; }
}
