// The checksum of zip members against its published check value.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class Crc32Tests
{
    /// <summary>The check value that catalogues of checksums give for CRC-32: that of the nine digits.</summary>
    [TestMethod]
    public void TheChecksumOfTheNineDigitsIsThePublishedOne() => Assert.AreEqual(0xCBF43926, Crc32.Append(0, "123456789"u8));

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(8)]
    [DataRow(13)]
    [DataRow(29)]
    public void PartsGiveTheChecksumOfTheWhole(int firstPart)
    {
        byte[] bytes = [.. Enumerable.Range(0, 29).Select(i => (byte)(i * 37))];

        Assert.AreEqual(Crc32.Append(0, bytes), Crc32.Append(Crc32.Append(0, bytes.AsSpan(0, firstPart)), bytes.AsSpan(firstPart)));
    }
}
