// Draws the first weights of a network.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Modules;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Fills all parameters from random streams keyed by (seed, parameter, chunk): the same seed gives the same weights for any number of threads,
/// and on any machine.
/// </summary>
internal static class WeightDrawing
{
    /// <summary>First key of the streams that weights come from.</summary>
    private const long Purpose = 0;

    /// <summary>Values drawn by one stream.</summary>
    private const int ChunkLength = 1 << 16;

    /// <summary>Draws every parameter of the table; they lie in main memory and have the table's shapes.</summary>
    internal static void Draw(VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, Parameter> parameters, int seed)
    {
        var chunks = architecture.Parameters().SelectMany((row, index) => Chunks(row, index, InitialValues.Of(row, architecture)));
        Parallel.ForEach(chunks, chunk =>
        {
            var values = MemoryMarshal.Cast<byte, float>(parameters[chunk.Name].bytes).Slice(chunk.Start, chunk.Length);
            chunk.Distribution.Fill(values, RandomStream.For(seed, Purpose, chunk.Parameter, chunk.Start));
        });
    }

    private static IEnumerable<Chunk> Chunks(ParameterRow row, int index, Distribution distribution)
    {
        int length = checked((int)row.Length);
        for (int start = 0; start < length; start += ChunkLength)
            yield return new Chunk(row.Name, index, start, Math.Min(ChunkLength, length - start), distribution);
    }

    /// <summary>A run of values of one parameter, drawn by one stream.</summary>
    private readonly record struct Chunk(string Name, int Parameter, int Start, int Length, Distribution Distribution);
}
