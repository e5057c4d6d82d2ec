// From files to scores, and one prediction at a time, compared with plain code.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class WholeContest
{
    /// <summary>A whole pipeline compared with SkiaSharp and ONNX Runtime, and with each of its halves alone.</summary>
    internal static void Pipelines(string folder, IEnumerable<string> architectures, int rounds)
    {
        Console.WriteLine("| pipeline over JPEG files | images/s | x SkiaSharp + ONNX Runtime | x network alone | x images alone | MiB, ours | MiB, by hand |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (string architecture in architectures)
        {
            using var contest = new Contest([PipelineSide.Library, PipelineSide.Onnx, PipelineSide.Network, PipelineSide.Images], architecture, folder).Run(rounds);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {architecture} | {1 / contest.Of(0):F1} | {contest.FasterText(1)} | {contest.FasterText(2)} | {contest.FasterText(3)} | {contest.PeakMiB(0):F0} | {contest.PeakMiB(1):F0} |"));
        }
    }

    /// <summary>A <c>PredictionEngine</c> compared with bare decoding and a forward pass, and with SkiaSharp and ONNX Runtime.</summary>
    internal static void Engines(string folder, IEnumerable<string> architectures, int rounds)
    {
        Console.WriteLine("| PredictionEngine | median, ms | 99th percentile, ms | x bare forward and decoding (median) | x SkiaSharp + ONNX Runtime (median) | the same (99th percentile) | MiB, ours | MiB, by hand |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (string architecture in architectures)
        {
            using var contest = new Contest([EngineSide.Library, EngineSide.Bare, EngineSide.Onnx], architecture, folder).Run(rounds);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {architecture} | {1000 * contest.Of(0):F1} | {1000 * contest.Of(0, 1):F1} | {contest.FasterText(1)} | {contest.FasterText(2)} | {contest.FasterText(2, 1)} | {contest.PeakMiB(0):F0} | {contest.PeakMiB(2):F0} |"));
        }
    }
}
