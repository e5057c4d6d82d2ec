// Compares images by their pixels: encoders and edges differ slightly between machines.
using System.Text.RegularExpressions;
using SkiaSharp;

namespace NotebookRunner.Comparing;

internal static partial class ImageComparison
{
    /// <summary>Mean absolute difference per channel, on a scale of 0 to 255, up to which two images count as equal.</summary>
    private const double Tolerance = 1;

    /// <summary>The images embedded in HTML, in Base64.</summary>
    internal static string[] Images(string html) => [.. InHtml().Matches(html).Select(m => m.Groups["data"].Value)];

    internal static string WithoutImages(string html) => InHtml().Replace(html, "data:${type}");

    internal static IEnumerable<string> Differences(string[] was, string[] now, bool pixelsVary) =>
        was.Length == now.Length
            ? was.Zip(now).SelectMany((pair, i) => Differences(pair.First, pair.Second, pixelsVary).Select(d => $"image {i + 1}: {d}"))
            : [$"{was.Length} images saved, {now.Length} now"];

    /// <summary>Compares two images in Base64. The size must be equal even if pixels may vary.</summary>
    internal static IEnumerable<string> Differences(string was, string now, bool pixelsVary)
    {
        using SKBitmap saved = Decode(was), fresh = Decode(now);
        if (saved.Info.Size != fresh.Info.Size)
            yield return $"saved {saved.Width} x {saved.Height} pixels, now {fresh.Width} x {fresh.Height}";
        else if (!pixelsVary && MeanDifference(saved, fresh) is var mean and > Tolerance)
            yield return FormattableString.Invariant($"pixels differ by {mean:f1} on average");
    }

    private static double MeanDifference(SKBitmap was, SKBitmap now)
    {
        var (saved, fresh) = (was.Pixels, now.Pixels);
        return saved.Zip(fresh, (a, b) => (Math.Abs(a.Red - b.Red) + Math.Abs(a.Green - b.Green) + Math.Abs(a.Blue - b.Blue)) / 3.0).Average();
    }

    private static SKBitmap Decode(string base64) =>
        SKBitmap.Decode(Convert.FromBase64String(base64)) ?? throw new InvalidDataException("An image of the notebook cannot be decoded.");

    [GeneratedRegex("data:(?<type>image/(?:jpeg|png));base64,(?<data>[^'\"]*)")]
    private static partial Regex InHtml();
}
