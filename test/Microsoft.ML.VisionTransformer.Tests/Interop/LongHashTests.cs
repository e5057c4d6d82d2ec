// The checksum of weights, compared with the hashing library.
using System.IO.Hashing;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Tests.Interop;

[TestClass]
public sealed class LongHashTests
{
    /// <summary>Around each length at which the algorithm changes: short content, stripes of 64 bytes, blocks of 1024 bytes.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(240)]
    [DataRow(241)]
    [DataRow(256)]
    [DataRow(1023)]
    [DataRow(1024)]
    [DataRow(1025)]
    [DataRow(1087)]
    [DataRow(1088)]
    [DataRow(1089)]
    [DataRow(2048)]
    [DataRow(2049)]
    [DataRow(100_003)]
    public void TheHashIsThatOfTheHashingLibrary_InOnePartAndInMany(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        byte[] expected = XxHash128.Hash(content);

        CollectionAssert.AreEqual(expected, LongHash.Of(content));
        foreach (int part in new[] { 1, 63, 64, 1000, 1024, 4099 })
        {
            var hash = new LongHash();
            for (int at = 0; at < length; at += part)
                hash.Append(content.AsSpan(at, Math.Min(part, length - at)));
            CollectionAssert.AreEqual(expected, hash.Finish(), $"parts of {part} bytes");
        }
    }
}
