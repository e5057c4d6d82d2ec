// Peak memory and time of scoring one large image, each in a process of its own.
using System.Diagnostics;
using System.Globalization;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>What decoding adds to the memory of a process that has loaded a small model and scored a small image.</summary>
internal static class DecodeMemory
{
    internal const string Command = "decode", OneCommand = "decode-one";

    private const string Scaled = "scaled", Full = "full";

    internal static void Run(string[] files)
    {
        string folder = Directory.CreateTempSubdirectory("vit-decode-").FullName;
        try
        {
            Console.WriteLine("| image | file, MB | scaled decoding | s | resident MB before | MB more at the peak | MB more after it |");
            Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
            foreach (string file in files.Length > 0 ? files : [.. Paint(folder)])
            {
                foreach (string mode in file.EndsWith(".jpg", StringComparison.Ordinal) ? new[] { Scaled, Full } : [Scaled])
                {
                    using var child = Process.Start(OwnProgram.Start(OneCommand, file, mode))!;
                    child.WaitForExit();
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>In a separate process.</summary>
    internal static void One(string file, string mode)
    {
        var context = new MLContext(1);
        using var model = SmallModel.Make(context, new ImagePreprocessing { Size = 32, ScaledDecoding = mode == Scaled });
        using var engine = context.Model.CreatePredictionEngine<Photo, Scores>(model, new PredictionEngineOptions { OwnsTransformer = false });
        engine.Predict(SmallModel.Photos[0]);
        byte[] image = File.ReadAllBytes(file);
        GC.Collect();
        long before = ProcessStatus.Bytes("VmRSS:");
        long start = Stopwatch.GetTimestamp();
        engine.Predict(new Photo { Image = image, Label = SmallModel.Photos[0].Label });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {Path.GetFileNameWithoutExtension(file)} | {image.Length / 1e6:F1} | {(mode == Scaled ? "yes" : "no")} | {seconds:F2} | {before / 1e6:F0} "
            + $"| {(ProcessStatus.Bytes("VmHWM:") - before) / 1e6:F0} | {(ProcessStatus.Bytes("VmRSS:") - before) / 1e6:F0} |"));
    }

    private static IEnumerable<string> Paint(string folder)
    {
        yield return Write("PNG 7000 x 7000", 7000, 7000, SKEncodedImageFormat.Png, "png");
        yield return Write("WebP 7000 x 7000", 7000, 7000, SKEncodedImageFormat.Webp, "webp");
        string jpeg = Write("JPEG 12000 x 8000", 12000, 8000, SKEncodedImageFormat.Jpeg, "jpg");
        yield return jpeg;
        string turned = Path.Combine(folder, "JPEG 12000 x 8000, turned by EXIF.jpg");
        byte[] exif = [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0], content = File.ReadAllBytes(jpeg);
        File.WriteAllBytes(turned, [.. content[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. content[2..]]);
        yield return turned;

        string Write(string name, int width, int height, SKEncodedImageFormat format, string extension)
        {
            string path = Path.Combine(folder, $"{name}.{extension}");
            using var bitmap = PhotoPainting.Circles(new Random(1), width, height, count: 2000, largest: 600);
            using var data = bitmap.Encode(format, 90);
            using var file = File.Create(path);
            data.SaveTo(file);
            return path;
        }
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}

/// <summary>Memory of this process as Linux reports it: VmRSS is resident now, VmHWM the largest so far.</summary>
internal static class ProcessStatus
{
    internal static long Bytes(string line) => OperatingSystem.IsLinux()
        ? 1024 * long.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith(line, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
        : line == "VmHWM:" ? Process.GetCurrentProcess().PeakWorkingSet64 : Environment.WorkingSet;
}
