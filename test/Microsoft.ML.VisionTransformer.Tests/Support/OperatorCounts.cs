// Counts the operators in an ONNX file.
using Google.Protobuf;
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class OperatorCounts
{
    /// <summary>Number of nodes by operator; nodes inside other nodes are not counted.</summary>
    internal static SortedDictionary<string, int> Of(string path)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (byte[] graph in Fields(File.ReadAllBytes(path), OnnxFields.Model.Graph))
        {
            foreach (byte[] node in Fields(graph, OnnxFields.Graph.Node))
            {
                string name = System.Text.Encoding.UTF8.GetString(Fields(node, OnnxFields.Node.Operator).Single());
                counts[name] = counts.GetValueOrDefault(name) + 1;
            }
        }

        return counts;
    }

    private static IEnumerable<byte[]> Fields(byte[] message, int field)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag && tag != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                yield return input.ReadBytes().ToByteArray();
            else
                input.SkipLastField();
        }
    }
}
