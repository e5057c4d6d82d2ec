// Serializes scores for the exchange between processes.
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;

namespace Microsoft.ML.VisionTransformer.Cli.Distributed;

/// <summary>For each image either its values or its problem. Every process has the list of images, so it is not sent. Floats are copied bit for bit.</summary>
internal static class ScoreSerializer
{
    private const int NoValues = -1;

    internal static byte[] Write(IEnumerable<ScoredImage> scores)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        foreach (var scored in scores)
        {
            writer.Write(scored.Values?.Length ?? NoValues);
            if (scored.Values is { } values)
                writer.Write(MemoryMarshal.AsBytes<float>(values));
            else
                writer.Write(scored.Problem ?? "");
        }

        writer.Flush();
        return stream.ToArray();
    }

    internal static IEnumerable<ScoredImage> Read(ReadOnlyMemory<byte> bytes, IEnumerable<InputImage> images)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
        foreach (var image in images)
        {
            int length = reader.ReadInt32();
            if (length == NoValues)
            {
                yield return new ScoredImage(image, null, reader.ReadString());
                continue;
            }

            float[] values = new float[length];
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            yield return new ScoredImage(image, values, null);
        }
    }
}
