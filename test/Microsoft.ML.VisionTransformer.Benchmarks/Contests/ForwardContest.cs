// The speed of a forward pass beside ONNX Runtime's, beside libtorch's, and beside its matrix products alone.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class ForwardContest
{
    private const int Library = 0, Onnx = 1, Floor = 2, Libtorch = 3;

    private static readonly string[] _sides = [ForwardSide.Library, ForwardSide.Onnx, ForwardSide.Floor, ForwardSide.Libtorch];

    /// <param name="architectures">Names.</param>
    /// <param name="batches">Batch sizes.</param>
    /// <param name="rounds">Turns of each side.</param>
    internal static void Run(IEnumerable<string> architectures, int[] batches, int rounds)
    {
        Console.WriteLine("| network | batch | images/s | x ONNX Runtime | x matrix products alone | x libtorch | MiB, ours | MiB, ONNX Runtime |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (string architecture in architectures)
        {
            foreach (int batch in batches)
            {
                using var contest = new Contest(_sides, architecture, batch.ToString(CultureInfo.InvariantCulture)).Run(rounds);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {architecture} | {batch} | {1 / contest.Of(Library):F1} | {contest.FasterText(Onnx)} | {contest.FasterText(Floor)} | {contest.FasterText(Libtorch)} | {contest.PeakMiB(Library):F0} | {contest.PeakMiB(Onnx):F0} |"));
            }
        }
    }
}
