// The explanation of one image: a relevance map over its patches, with the methods and options that produce it.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Explains why a model gives an image a class: one value per patch; a higher value means that the patch contributed more. Values can be compared within
/// one map. They are not probabilities, and their scale differs from image to image. Immutable.
/// </summary>
public sealed class AttentionExplanation
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly RgbImage _image;
    private readonly ShownPhoto? _photo;

    /// <param name="architecture">Image size and patches.</param>
    /// <param name="image">The network's input as an image.</param>
    /// <param name="photo">The whole photo; null if the pictures that show it are not wanted.</param>
    /// <param name="maps">The map of the image, its class and probability.</param>
    /// <param name="method">How the map was computed.</param>
    /// <param name="classes">The names of all classes.</param>
    internal AttentionExplanation(
        VisionTransformerArchitecture architecture, RgbImage image, ShownPhoto? photo, AttentionMaps maps, ExplanationMethod method, IReadOnlyList<string> classes)
    {
        _architecture = architecture;
        _image = image;
        _photo = photo;
        Method = method;
        ClassIndex = maps.Classes[0];
        ClassName = classes[ClassIndex];
        Probability = maps.Probabilities[0];
        Map = maps.Values;
    }

    /// <summary>The explained class.</summary>
    public string ClassName { get; }

    /// <summary>Index of the explained class in <see cref="VisionTransformerPredictionTransformer.ClassNames"/>, from 0.</summary>
    public int ClassIndex { get; }

    /// <summary>The model's probability of the class; equal to <c>Score</c> up to rounding.</summary>
    public float Probability { get; }

    /// <summary>The method that computed the map.</summary>
    public ExplanationMethod Method { get; }

    /// <summary>Number of patch rows.</summary>
    public int Rows => _architecture.Grid.Height;

    /// <summary>Number of patches per row.</summary>
    public int Columns => _architecture.Grid.Width;

    /// <summary>The map, row-major from the top left: <see cref="Rows"/> x <see cref="Columns"/> values, each at least 0.</summary>
    public ReadOnlyMemory<float> Map { get; }

    /// <summary>The value of a patch.</summary>
    /// <param name="row">Patch row, from 0 at the top.</param>
    /// <param name="column">Patch column, from 0 at the left.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row or column.</exception>
    public float this[int row, int column] => Map.Span[Guard.InRange(row, 0, Rows) * Columns + Guard.InRange(column, 0, Columns)];

    /// <summary>
    /// The map in colors, from dark for the smallest value to light for the largest, over the network's input image (resized and cropped) in gray: a PNG file
    /// of the network's input size.
    /// </summary>
    /// <returns>The contents of a PNG file.</returns>
    public byte[] OverlayPng() => Overlay.Draw(_image, Map.Span, _architecture).ToPng();

    /// <summary>Writes <see cref="OverlayPng"/> to a file; an existing file is replaced when the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException">The path is empty or blank.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public void SaveOverlay(string path)
    {
        byte[] png = OverlayPng();
        AtomicFile.Write(Guard.NotBlank(path), stream => stream.Write(png));
    }

    /// <summary>
    /// The map in the same colors over the photo in gray, whole, upright and at its own aspect ratio: a PNG file whose longest side is
    /// <see cref="ExplanationOptions.PhotoSize"/>. A part that was cropped before the network saw the photo is faded to light gray.
    /// </summary>
    /// <returns>The contents of a PNG file.</returns>
    /// <exception cref="InvalidOperationException"><see cref="ExplanationOptions.PhotoSize"/> was 0.</exception>
    public byte[] PhotoOverlayPng() => PhotoOverlay().ToPng();

    /// <summary>
    /// A picture to show to others: the photo at the left, <see cref="PhotoOverlayPng"/> at the right, and below them the class, its probability and the
    /// color scale with the smallest and the largest value of the map. The text is left out if <see cref="CanDrawText"/> is false.
    /// </summary>
    /// <returns>The contents of a PNG file.</returns>
    /// <exception cref="InvalidOperationException"><see cref="ExplanationOptions.PhotoSize"/> was 0.</exception>
    public byte[] SideBySidePng() => SideBySide.Draw(Photo, PhotoOverlay(), this, Overlay.IsCropped(Photo, _architecture), LabelFont.Find());

    /// <summary>Writes <see cref="SideBySidePng"/> to a file; an existing file is replaced when the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException">The path is empty or blank.</exception>
    /// <exception cref="InvalidOperationException"><see cref="ExplanationOptions.PhotoSize"/> was 0.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public void SaveSideBySide(string path)
    {
        Guard.NotBlank(path);
        byte[] png = SideBySidePng();
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>
    /// Whether this computer has a font, so that pictures can have text. Without one, as in some containers, they are drawn without text; a font package
    /// such as <c>fonts-dejavu-core</c> brings one.
    /// </summary>
    public static bool CanDrawText => LabelFont.Find() is not null;

    private ShownPhoto Photo => _photo ?? throw new InvalidOperationException(
        "This explanation has no photo: ExplanationOptions.PhotoSize was 0. Set it to the longest side of the picture in pixels, or use OverlayPng.");

    internal RgbImage PhotoOverlay() => Overlay.DrawOnPhoto(Photo, Map.Span, _architecture);
}

/// <summary>How a map over the patches is computed from the attention of all blocks.</summary>
public enum ExplanationMethod
{
    /// <summary>
    /// Attention weighted by the gradient of the class's logit, propagated through the blocks (Chefer, Gur and Wolf 2021, arXiv:2103.15679, equations 5 and
    /// 6). The map is specific to one class.
    /// </summary>
    GradientAttention,

    /// <summary>
    /// Attention rollout: the product of the attention of all blocks, each averaged with the residual connection (Abnar and Zuidema 2020, arXiv:2005.00928).
    /// The map is the same for every class.
    /// </summary>
    Rollout,
}

/// <summary>
/// Options of <see cref="VisionTransformerPredictionTransformer.Explain(string, ExplanationOptions?)"/>. Without a class, the predicted one is explained.
/// </summary>
public sealed record ExplanationOptions
{
    internal const int LargestPhotoSize = 4096;

    /// <summary>How the map is computed. Default <see cref="ExplanationMethod.GradientAttention"/>.</summary>
    public ExplanationMethod Method { get; init; } = ExplanationMethod.GradientAttention;

    /// <summary>The class to explain, by name; case-sensitive. Default null: use <see cref="ClassIndex"/>, or the predicted class.</summary>
    public string? ClassName { get; init; }

    /// <summary>
    /// The class to explain, by its index in <see cref="VisionTransformerPredictionTransformer.ClassNames"/>, from 0. Default null: use
    /// <see cref="ClassName"/>, or the predicted class. It cannot be combined with <see cref="ClassName"/>.
    /// </summary>
    public int? ClassIndex { get; init; }

    /// <summary>
    /// Longest side, in pixels, of the photo that the explanation keeps for <see cref="AttentionExplanation.SideBySidePng"/>,
    /// <see cref="AttentionExplanation.PhotoOverlayPng"/> and <see cref="ExplanationSheet"/>, from 0 to 4096; a smaller photo is enlarged. Default 640: at most
    /// 1.2 MB. 0: the photo is not kept and not decoded a second time, and these pictures cannot be drawn.
    /// </summary>
    public int PhotoSize { get; init; } = 640;
}
