// The explanation of one image: a relevance map over its patches, with the methods and options that produce it.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Shows which patches of an image support a class: one value per patch, and a higher value means more support. You can
/// compare the values within one map. They are not probabilities, and their scale differs from image to image.
/// Instances are immutable.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// using var model = new MLContext().Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
/// string photo = Directory.GetFiles("flowers/roses")[0];
///
/// AttentionExplanation explanation = model.Explain(photo);
/// Console.WriteLine($"{explanation.ClassName}, {explanation.Probability:P1}, by {explanation.Method}");
/// Console.WriteLine($"Top left patch of {explanation.Rows} x {explanation.Columns}: {explanation[0, 0]}");
/// explanation.SaveOverlay("overlay.png");           // the network's input with the map over it
/// explanation.SaveSideBySide("side-by-side.png");    // the photo, the map over the photo, and a caption
/// </code>
/// </example>
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

    /// <summary>The class that the map explains.</summary>
    public string ClassName { get; }

    /// <summary>
    /// Index of that class in <see cref="VisionTransformerPredictionTransformer.ClassNames"/>, from 0.
    /// </summary>
    public int ClassIndex { get; }

    /// <summary>The model's probability for that class. It equals the value in <c>Score</c> up to rounding.</summary>
    public float Probability { get; }

    /// <summary>The method that computed the map.</summary>
    public ExplanationMethod Method { get; }

    /// <summary>Number of patch rows.</summary>
    public int Rows => _architecture.Grid.Height;

    /// <summary>Number of patches per row.</summary>
    public int Columns => _architecture.Grid.Width;

    /// <summary>
    /// The map: <see cref="Rows"/> x <see cref="Columns"/> values, row by row from the top left. Each value is at least
    /// 0.
    /// </summary>
    public ReadOnlyMemory<float> Map { get; }

    /// <summary>The value of a patch.</summary>
    /// <param name="row">Patch row, from 0 at the top.</param>
    /// <param name="column">Patch column, from 0 at the left.</param>
    /// <exception cref="ArgumentOutOfRangeException">The map has no such row or column.</exception>
    public float this[int row, int column] => Map.Span[Guard.InRange(row, 0, Rows) * Columns + Guard.InRange(column, 0, Columns)];

    /// <summary>
    /// Draws the map in colors over the network's input image (resized and cropped) in gray. The colors run from dark
    /// for the smallest value to light for the largest. The picture is a PNG file of the network's input size.
    /// </summary>
    /// <returns>The contents of a PNG file.</returns>
    public byte[] OverlayPng() => Overlay.Draw(_image, Map.Span, _architecture).ToPng();

    /// <summary>
    /// Writes <see cref="OverlayPng"/> to a file. An existing file is replaced only when the new one is complete.
    /// </summary>
    /// <param name="path">The file to write.</param>
    /// <exception cref="ArgumentException">The path is empty or blank.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public void SaveOverlay(string path)
    {
        byte[] png = OverlayPng();
        AtomicFile.Write(Guard.NotBlank(path), stream => stream.Write(png));
    }

    /// <summary>
    /// Draws the map in the same colors over the whole photo in gray, upright and at its own aspect ratio. The longest
    /// side of the PNG file is <see cref="ExplanationOptions.PhotoSize"/>. Parts that were cropped before the network
    /// saw the photo are faded to light gray.
    /// </summary>
    /// <returns>The contents of a PNG file.</returns>
    /// <exception cref="InvalidOperationException"><see cref="ExplanationOptions.PhotoSize"/> was 0.</exception>
    public byte[] PhotoOverlayPng() => PhotoOverlay().ToPng();

    /// <summary>
    /// Draws a picture for reports and presentations: the photo on the left, and <see cref="PhotoOverlayPng"/> on the
    /// right. The caption has the class, its probability, and the color scale with the smallest and largest value of
    /// the map. If <see cref="CanDrawText"/> is false, the picture has no text.
    /// </summary>
    /// <returns>The contents of a PNG file.</returns>
    /// <exception cref="InvalidOperationException"><see cref="ExplanationOptions.PhotoSize"/> was 0.</exception>
    public byte[] SideBySidePng() => SideBySide.Draw(Photo, PhotoOverlay(), this, Overlay.IsCropped(Photo, _architecture), LabelFont.Find());

    /// <summary>
    /// Writes <see cref="SideBySidePng"/> to a file. An existing file is replaced only when the new one is complete.
    /// </summary>
    /// <param name="path">The file to write.</param>
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
    /// Whether this computer has a font for the text in pictures. Some containers have none, and pictures are then
    /// drawn without text. To get text, install a font package such as <c>fonts-dejavu-core</c>.
    /// </summary>
    public static bool CanDrawText => LabelFont.Find() is not null;

    private ShownPhoto Photo => _photo ?? throw new InvalidOperationException(
        "This explanation has no photo: ExplanationOptions.PhotoSize was 0. Set it to the longest side of the picture in pixels, or use OverlayPng.");

    internal RgbImage PhotoOverlay() => Overlay.DrawOnPhoto(Photo, Map.Span, _architecture);
}

/// <summary>How an explanation computes its map from the attention of all blocks.</summary>
/// <seealso cref="ExplanationOptions"/>
public enum ExplanationMethod
{
    /// <summary>
    /// Attention weighted by the gradient of the logit of the class, propagated through the blocks (Chefer, Gur and
    /// Wolf 2021, arXiv:2103.15679, equations 5 and 6). The map is specific to one class.
    /// </summary>
    GradientAttention,

    /// <summary>
    /// Attention rollout: the product of the attention of all blocks, where each is averaged with the residual
    /// connection (Abnar and Zuidema 2020, arXiv:2005.00928). The map is the same for every class.
    /// </summary>
    Rollout,
}

/// <summary>
/// Options of <see cref="VisionTransformerPredictionTransformer.Explain(string, ExplanationOptions?)"/>. If you do not
/// set a class, the predicted class is explained.
/// </summary>
/// <example>
/// This example explains one class with both methods, even if the model did not predict it.
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// using var model = new MLContext().Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
/// string photo = Directory.GetFiles("flowers/roses")[0];
/// var options = new ExplanationOptions { ClassIndex = 3, PhotoSize = 320 };
///
/// var byGradient = model.Explain(photo, options);
/// var byRollout = model.Explain(photo, options with { Method = ExplanationMethod.Rollout });
/// Console.WriteLine($"{byGradient.ClassName}: {byGradient.Probability:P1}");
/// byGradient.SaveSideBySide("gradient.png");
/// byRollout.SaveSideBySide("rollout.png");
/// </code>
/// </example>
public sealed record ExplanationOptions
{
    internal const int LargestPhotoSize = 4096;

    /// <summary>The method that computes the map. Default <see cref="ExplanationMethod.GradientAttention"/>.</summary>
    public ExplanationMethod Method { get; init; } = ExplanationMethod.GradientAttention;

    /// <summary>
    /// Name of the class to explain; case-sensitive. Default null: <see cref="ClassIndex"/> chooses the class, or the
    /// predicted class is explained.
    /// </summary>
    public string? ClassName { get; init; }

    /// <summary>
    /// Index of the class to explain in <see cref="VisionTransformerPredictionTransformer.ClassNames"/>, from 0. It
    /// cannot be combined with <see cref="ClassName"/>. Default null: <see cref="ClassName"/> chooses the class, or the
    /// predicted class is explained.
    /// </summary>
    public int? ClassIndex { get; init; }

    /// <summary>
    /// Longest side, in pixels, of the photo that the explanation keeps, from 0 to 4096. A smaller photo is enlarged.
    /// <see cref="AttentionExplanation.SideBySidePng"/>, <see cref="AttentionExplanation.PhotoOverlayPng"/> and
    /// <see cref="ExplanationSheet"/> need it. Default 640, which uses at most 1.2 MB. With 0, the photo is neither
    /// kept nor decoded a second time, and these pictures cannot be drawn.
    /// </summary>
    public int PhotoSize { get; init; } = 640;
}
