// A labelled image with what a model made of it.
namespace Microsoft.ML.VisionTransformer.Cli.Judging;

/// <param name="Path">The file.</param>
/// <param name="Label">Place of the true class among the model's, from 0.</param>
/// <param name="Probabilities">One a class.</param>
internal sealed record JudgedImage(string Path, int Label, float[] Probabilities)
{
    /// <summary>The most probable class; the first of equals.</summary>
    internal int Predicted { get; } = Array.IndexOf(Probabilities, Probabilities.Max());
}
