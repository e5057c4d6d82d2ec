// The speed of a forward pass compared with ONNX Runtime, libtorch, and its matrix products only.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class ForwardContest
{
    private const int Library = 0, Onnx = 1, Floor = 2, Libtorch = 3, BFloat16 = 4;

    private static readonly string[] _sides =
        [ForwardSide.Library, ForwardSide.Onnx, ForwardSide.Floor, ForwardSide.Libtorch, .. ProcessorFeatures.MultipliesBFloat16 ? [ForwardSide.BFloat16] : Array.Empty<string>()];

    /// <summary>Scoring in int8 compared with scoring in float32, and with ONNX Runtime and the int8 file that the library exports.</summary>
    internal static void RunInt8(IEnumerable<string> architectures, int[] batches, int rounds)
    {
        const int Float32 = 1, OnnxInt8 = 2;
        Console.WriteLine("| network | batch | images/s in int8 | x float32 | x ONNX Runtime in int8 |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (string architecture in architectures)
        {
            foreach (int batch in batches)
            {
                string[] sides = [ForwardSide.Int8, ForwardSide.Library, ForwardSide.OnnxInt8];
                using var contest = new Contest(sides, architecture, batch.ToString(CultureInfo.InvariantCulture)).Run(rounds);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {architecture} | {batch} | {1 / contest.Of(0):F1} | {contest.FasterText(Float32)} | {contest.FasterText(OnnxInt8)} |"));
            }
        }
    }

    /// <param name="architectures">Names of architectures.</param>
    /// <param name="batches">Batch sizes.</param>
    /// <param name="rounds">Number of rounds.</param>
    internal static void Run(IEnumerable<string> architectures, int[] batches, int rounds)
    {
        Console.WriteLine("| network | batch | images/s | x ONNX Runtime | x matrix products alone | x libtorch | in bfloat16, x as fast again | MiB, ours | MiB, ONNX Runtime |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (string architecture in architectures)
        {
            foreach (int batch in batches)
            {
                using var contest = new Contest(_sides, architecture, batch.ToString(CultureInfo.InvariantCulture)).Run(rounds);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {architecture} | {batch} | {1 / contest.Of(Library):F1} | {contest.FasterText(Onnx)} | {contest.FasterText(Floor)} | {contest.FasterText(Libtorch)} | {(_sides.Length > BFloat16 ? contest.OtherFasterText(BFloat16) : "no such processor")} | {contest.PeakMiB(Library):F0} | {contest.PeakMiB(Onnx):F0} |"));
            }
        }
    }
}
