// A collection of unusual and broken images: each is decoded or rejected with a message, and none crashes the process.
using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class HardImagesTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EveryFileHasTheWantedOutcome()
    {
        using var images = new BadImages();
        int met = 0;
        var missed = new List<string>();
        foreach (var entry in images.Entries)
        {
            string name = entry.GetProperty("file").GetString()!, path = Path.Combine(images.Folder, name);
            if (Directory.Exists(path))
                continue;
            long peak = PeakMemory();
            var clock = Stopwatch.StartNew();
            string? complaint = Evaluate(entry, images.Folder, path) ?? EvaluateCost(entry, clock.Elapsed, PeakMemory() - peak);
            if (complaint is null)
                met++;
            else
                missed.Add($"{name} ({entry.GetProperty("what").GetString()}): {complaint}");
        }

        TestContext.WriteLine($"{met} as wanted, {missed.Count} not");
        missed.ForEach(TestContext.WriteLine);
        Assert.IsEmpty(missed, string.Join(Environment.NewLine, missed));
    }

    /// <summary>An error message if the decoding took too much time or memory, or null.</summary>
    private static string? EvaluateCost(JsonElement entry, TimeSpan time, long bytes)
    {
        double seconds = 5, megabytes = double.PositiveInfinity;
        if (entry.TryGetProperty("limits", out var limits))
        {
            seconds = limits.TryGetProperty("max_seconds", out var s) ? s.GetDouble() : seconds;
            megabytes = limits.TryGetProperty("max_extra_memory_mb", out var m) ? m.GetDouble() : megabytes;
        }

        return time.TotalSeconds > seconds ? $"took {time}" : bytes > megabytes * 1e6 ? $"took {bytes} bytes" : null;
    }

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>An error message if the outcome is not the expected one, or null.</summary>
    private string? Evaluate(JsonElement entry, string folder, string path)
    {
        string outcome = entry.GetProperty("outcome").GetString()!;
        RgbImage image;
        try
        {
            image = ImageDecoder.Decode(File.ReadAllBytes(path), path);
        }
        catch (InvalidImageException e)
        {
            TestContext.WriteLine(e.Message.Replace(folder, "", StringComparison.Ordinal));
            return outcome == "decode" ? e.Message : e.Message.Contains(path, StringComparison.Ordinal) ? null : "the message lacks the file: " + e.Message;
        }

        if (!image.Pixels.AsSpan().SequenceEqual(DecodeWithDirtyBuffers(path, image).Pixels))
            return "is not decoded the same way every time";
        if (outcome != "decode")
        {
            TestContext.WriteLine($"{Path.GetFileName(path)}: {image.Width}x{image.Height}");
            return outcome == "reject" ? $"was decoded, {image.Width}x{image.Height}" : null;
        }

        if (image.Width != entry.GetProperty("width").GetInt32() || image.Height != entry.GetProperty("height").GetInt32())
            return $"is {image.Width}x{image.Height}";
        int tolerance = entry.GetProperty("tolerance").GetInt32();
        return entry.TryGetProperty("expected_png", out var png)
            ? Compare(image, ImageDecoder.Decode(File.ReadAllBytes(Path.Combine(folder, png.GetString()!)), "expected").Pixels, tolerance)
            : Probe(image, entry.GetProperty("probes"), tolerance);
    }

    /// <summary>Decodes again after filling the buffer that the decoder will reuse, which reveals pixels that are never written.</summary>
    private static RgbImage DecodeWithDirtyBuffers(string path, RgbImage like)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(like.Width * like.Height * 4);
        Array.Fill(buffer, (byte)0xA5);
        ArrayPool<byte>.Shared.Return(buffer);
        return ImageDecoder.Decode(File.ReadAllBytes(path), path);
    }

    private static string? Compare(RgbImage image, byte[] expected, int tolerance)
    {
        int worst = image.Pixels.Zip(expected, (a, e) => Math.Abs(a - e)).Max();
        return worst <= tolerance ? null : $"differs by {worst}";
    }

    private static string? Probe(RgbImage image, JsonElement probes, int tolerance)
    {
        foreach (var probe in probes.EnumerateArray())
        {
            int at = probe[1].GetInt32() * image.Stride + probe[0].GetInt32() * 3;
            for (int c = 0; c < 3; c++)
            {
                if (Math.Abs(image.Pixels[at + c] - probe[2][c].GetInt32()) > tolerance)
                    return $"{probe}: is {string.Join(", ", image.Pixels.Skip(at).Take(3))}";
            }
        }

        return null;
    }
}
