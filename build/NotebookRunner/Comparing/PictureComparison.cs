// Compares PNG pictures by their pixels: encoders and edges differ a little from machine to machine.
using System.Text.RegularExpressions;
using SkiaSharp;

namespace NotebookRunner.Comparing;

internal static partial class PictureComparison
{
    /// <summary>Mean difference of a channel, in steps of 256, up to which two pictures count as the same.</summary>
    private const double Tolerance = 1;

    /// <summary>The pictures inside of HTML, in base64.</summary>
    internal static string[] Pictures(string html) => [.. InHtml().Matches(html).Select(m => m.Groups["data"].Value)];

    internal static string WithoutPictures(string html) => InHtml().Replace(html, "data:image/png");

    internal static IEnumerable<string> Differences(string[] was, string[] now, bool pixelsVary) =>
        was.Length == now.Length
            ? was.Zip(now).SelectMany((pair, i) => Differences(pair.First, pair.Second, pixelsVary).Select(d => $"picture {i + 1}: {d}"))
            : [$"{was.Length} pictures saved, {now.Length} now"];

    /// <summary>Both in base64. Where pixels may vary, the size may not.</summary>
    internal static IEnumerable<string> Differences(string was, string now, bool pixelsVary)
    {
        using SKBitmap saved = Decode(was), fresh = Decode(now);
        if (saved.Info.Size != fresh.Info.Size)
            yield return $"saved {saved.Width} x {saved.Height} pixels, now {fresh.Width} x {fresh.Height}";
        else if (!pixelsVary && MeanDifference(saved, fresh) is var mean and > Tolerance)
            yield return FormattableString.Invariant($"pixels differ by {mean:f1} in the mean");
    }

    private static double MeanDifference(SKBitmap was, SKBitmap now)
    {
        var (saved, fresh) = (was.Pixels, now.Pixels);
        return saved.Zip(fresh, (a, b) => (Math.Abs(a.Red - b.Red) + Math.Abs(a.Green - b.Green) + Math.Abs(a.Blue - b.Blue)) / 3.0).Average();
    }

    private static SKBitmap Decode(string base64) => SKBitmap.Decode(Convert.FromBase64String(base64)) ?? throw new InvalidDataException("A picture of the notebook is no PNG.");

    [GeneratedRegex("data:image/png;base64,(?<data>[^'\"]*)")]
    private static partial Regex InHtml();
}
