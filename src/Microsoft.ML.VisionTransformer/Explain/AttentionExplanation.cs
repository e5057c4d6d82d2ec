// A map over the patches of one image that says what a model looked at.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Why a model gives an image a class: one number a patch, the higher the more that patch had to do with it. Numbers of one map can be compared with each
/// other; they are no probabilities, and their scale differs from image to image. Immutable.
/// </summary>
public sealed class AttentionExplanation
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly RgbImage _image;

    internal AttentionExplanation(
        VisionTransformerArchitecture architecture, RgbImage image, AttentionMaps maps, ExplanationMethod method, IReadOnlyList<string> classes)
    {
        _architecture = architecture;
        _image = image;
        Method = method;
        ClassIndex = maps.Classes[0];
        ClassName = classes[ClassIndex];
        Probability = maps.Probabilities[0];
        Map = maps.Values;
    }

    /// <summary>The class that is explained.</summary>
    public string ClassName { get; }

    /// <summary>Its place in <see cref="VisionTransformerPredictionTransformer.ClassNames"/>, from 0.</summary>
    public int ClassIndex { get; }

    /// <summary>The probability that the model gives the class, as in <c>Score</c> up to rounding.</summary>
    public float Probability { get; }

    /// <summary>How the map was made.</summary>
    public ExplanationMethod Method { get; }

    /// <summary>Rows of patches.</summary>
    public int Rows => _architecture.Grid.Height;

    /// <summary>Patches in a row.</summary>
    public int Columns => _architecture.Grid.Width;

    /// <summary>The map, row after row from the top left: <see cref="Rows"/> x <see cref="Columns"/> numbers, at least 0.</summary>
    public ReadOnlyMemory<float> Map { get; }

    /// <summary>The number of a patch.</summary>
    /// <param name="row">Row of patches, from 0 at the top.</param>
    /// <param name="column">Patch in the row, from 0 at the left.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row or column.</exception>
    public float this[int row, int column] => Map.Span[Guard.InRange(row, 0, Rows) * Columns + Guard.InRange(column, 0, Columns)];

    /// <summary>
    /// The map in colours, smallest number dark and largest light, over the image as the network saw it,
    /// resized and cropped, in grey: a PNG file of the network's input size.
    /// </summary>
    /// <returns>The content of a PNG file.</returns>
    public byte[] OverlayPng() => Overlay.Draw(_image, Map.Span, _architecture).ToPng();

    /// <summary>Writes <see cref="OverlayPng"/> to a file; one of that name is replaced when the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException">The path is empty or blank.</exception>
    /// <exception cref="IOException">The file cannot be written; what was there is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void SaveOverlay(string path)
    {
        byte[] png = OverlayPng();
        AtomicFile.Write(Guard.NotBlank(path), stream => stream.Write(png));
    }
}

/// <summary>How a map over the patches is made from the attention of all blocks.</summary>
public enum ExplanationMethod
{
    /// <summary>
    /// Attention weighted by how much the class's logit grows with it, block after block (Chefer, Gur and Wolf 2021, arXiv:2103.15679, equations 5 and 6):
    /// the map is about one class.
    /// </summary>
    GradientAttention,

    /// <summary>
    /// Attention multiplied through all blocks, half of each being the residual (Abnar and Zuidema 2020, arXiv:2005.00928): where the network looks, the
    /// same map for every class.
    /// </summary>
    Rollout,
}

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
