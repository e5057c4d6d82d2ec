// Corrupt and malicious .npz files: each is rejected with an error that states location and reason.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static Microsoft.ML.VisionTransformer.Tests.Checkpoints.NpzBuilder;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class NpzHostileFileTests
{
    /// <summary>Offsets in a zip's local header and in a central one, and what a central one starts with.</summary>
    private const int LocalCrc = 14, CentralSignature = 0x02014b50, CentralPackedSize = 20, CentralSize = 24;

    private string _folder = "";

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("npz").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "pickle")]
    [DataRow("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "structured")]
    [DataRow("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", "dtype <U1 is not supported")]
    [DataRow("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "dtype <c8 is not supported")]
    [DataRow("{'descr': '', 'fortran_order': False, 'shape': (1,), }", "dtype  is not supported")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -1), }", "(-1, -1) is invalid")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "exceeds 64 bits")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905,), }", "exceeds 64 bits")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "at most 64 bits is expected at character 51")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000,), }", "needs 4000000 bytes of values, but the member has 4")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os').getpid(),), }", "found '__import__")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (1), }", "a comma is expected")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': [1], }", "'(' is expected")]
    [DataRow("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", "'False' is expected")]
    [DataRow("{'descr': '<f4', 'fortran_order': False}", "'shape' is missing")]
    [DataRow("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "repeated")]
    [DataRow("{'extra': '<f4', 'fortran_order': False, 'shape': (1,), }", "unknown")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } + {}", "the end is expected")]
    [DataRow("{'descr': '<f4', 'fortran_order': False, 'shape': (1,", "found the end")]
    [DataRow("{'descr': '", "in quotes is expected")]
    [DataRow("", "'{' is expected")]
    public void AHeaderThatIsNoPlainArraysIsRefused(string header, string reason) =>
        Refused(new NpzBuilder().Add("a.npy", Array(header, Floats(1))), "a in ", reason);

    [TestMethod]
    public void MoreDimensionsThanNumPyHasAreRefused() =>
        Refused(new NpzBuilder().Add("a.npy", Array(Header("<f4", $"({string.Concat(Enumerable.Repeat("1, ", 65))})"), Floats(1))), "at most 64 sizes");

    [TestMethod]
    public void ValuesAfterTheLastAreRefused() =>
        Refused(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(1,)"), Floats(1, 2))), "needs 4 bytes of values, but the member has 8");

    [TestMethod]
    public void AnotherMagicIsRefused() => Refused(new NpzBuilder().Add("a.npy", [0x93, .. "NUMPZ"u8, 1, 0, 0, 0]), "4E554D505A");

    [TestMethod]
    [DataRow((byte)4, (byte)0)]
    [DataRow((byte)0, (byte)0)]
    [DataRow((byte)1, (byte)1)]
    public void AnotherVersionIsRefused(byte major, byte minor) =>
        Refused(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(1,)"), Floats(1), major, minor)), $"version {major}.{minor}");

    [TestMethod]
    public void AMemberThatEndsInItsHeaderIsRefused() => Refused(new NpzBuilder().Add("a.npy", [0x93, .. "NUMPY"u8, 1]), "cannot be decompressed");

    [TestMethod]
    public void AHeaderLongerThanItsMemberIsRefused() =>
        Refused(new NpzBuilder().Add("a.npy", [0x93, .. "NUMPY"u8, 1, 0, 118, 0, (byte)'{']), "claims 118 bytes");

    [TestMethod]
    public void AHeaderLengthOfFourGigabytesIsRefused() =>
        Refused(new NpzBuilder().Add("a.npy", [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 255]), "claims 4294967295 bytes");

    [TestMethod]
    public void AHeaderLongerThanTheCapIsRefused() =>
        Refused(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(1,)") + new string(' ', 65536), Floats(1), major: 2)), "at most 65536 are allowed");

    [TestMethod]
    public void TwoMembersOfOneNameAreRefused()
    {
        byte[] array = Array(Header("<f4", "(1,)"), Floats(1));
        Refused(new NpzBuilder().Add("a.npy", array).Add("a.npy", array), "two members");
    }

    [TestMethod]
    public void AMemberThatIsNoArrayIsRefused() => Refused(new NpzBuilder().Add("archive/data.pkl", [1, 2, 3]), ".pth");

    [TestMethod]
    public void AnEmptyArchiveIsRefused() => Refused(new NpzBuilder(), "without members");

    [TestMethod]
    [DataRow("")]
    [DataRow("PK\u0003\u0004 and no more of a zip than this")]
    [DataRow("<html>404</html>")]
    public void WhatIsNoZipIsRefused(string content) => Refused(System.Text.Encoding.Latin1.GetBytes(content), "not a complete zip");

    [TestMethod]
    public void HalfAZipIsRefused()
    {
        byte[] whole = OneArray();
        Refused(whole[..(whole.Length / 2)], "not a complete zip");
    }

    [TestMethod]
    [DataRow(CompressionLevel.NoCompression)]
    [DataRow(CompressionLevel.Optimal)]
    public void AChecksumThatDoesNotFitIsRefused(CompressionLevel level)
    {
        byte[] zip = OneArray(level);
        zip[LocalCrc] ^= 1;
        zip[Central(zip) + LocalCrc + 2] ^= 1;
        Refused(zip, "a in ", "CRC-32");
    }

    [TestMethod]
    public void AValueThatHasChangedIsRefused()
    {
        byte[] zip = OneArray();
        zip[Central(zip) - 1] ^= 1;
        Refused(zip, "a in ", "CRC-32");
    }

    [TestMethod]
    public void ASizeThatDeflateCannotReachIsRefusedBeforeAnythingIsUnpacked()
    {
        byte[] zip = new NpzBuilder().Add("a.npy", Array(Header("<f4", "(500000000,)"), Floats(1)), CompressionLevel.Optimal).ToBytes();
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(Central(zip) + CentralSize), 2_000_000_000);
        Refused(zip, "cannot decompress to the 2000000000");
    }

    [TestMethod]
    public void AMemberLargerThanTheFileIsRefused()
    {
        byte[] zip = OneArray();
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(Central(zip) + CentralPackedSize), 2_000_000_000);
        Refused(zip, "claims 2000000000 bytes");
    }

    [TestMethod]
    [DataRow(CompressionLevel.NoCompression)]
    [DataRow(CompressionLevel.Optimal)]
    public void NoChangeOfOneByteCausesAnyOtherError(CompressionLevel level)
    {
        byte[] valid = OneArray(level);
        for (int i = 0; i < valid.Length; i++)
        {
            foreach (byte change in new byte[] { 1, 0x80, 0xFF })
            {
                byte[] zip = [.. valid];
                zip[i] ^= change;
                try
                {
                    ReadAll(Write(zip));
                }
                catch (InvalidCheckpointException)
                {
                }
            }
        }
    }

    [TestMethod]
    public void EveryBadGoldenFileIsRefused()
    {
        string folder = TestData.Path("golden", "bad-checkpoints");
        using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "index.json")));
        string[] files = [.. index.RootElement.GetProperty("files").EnumerateArray()
            .Select(f => f.GetProperty("file").GetString()!)
            .Where(f => f.EndsWith(".npz", StringComparison.Ordinal))];

        Assert.HasCount(8, files);
        foreach (string file in files)
        {
            var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => ReadAll(Path.Combine(folder, file)), file);
            StringAssert.Contains(error.Message, file, StringComparison.Ordinal);
            TestContext.WriteLine(error.Message);
        }
    }

    private static byte[] OneArray(CompressionLevel level = CompressionLevel.NoCompression) =>
        new NpzBuilder().Add("a.npy", Array(Header("<f4", "(3,)"), Floats(1, 2, 3)), level).ToBytes();

    private static int Central(byte[] zip) => zip.AsSpan().IndexOf(BitConverter.GetBytes(CentralSignature));

    private static void ReadAll(string path)
    {
        using var checkpoint = NpzCheckpoint.Open(path);
        foreach (var tensor in checkpoint.Tensors.Values)
            tensor.CopyTo(new float[tensor.Count]);
    }

    private void Refused(NpzBuilder content, params string[] reasons) => Refused(content.ToBytes(), reasons);

    private void Refused(byte[] content, params string[] reasons)
    {
        string path = Write(content);
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => ReadAll(path));
        foreach (string reason in (string[])[path, .. reasons])
            StringAssert.Contains(error.Message, reason, StringComparison.Ordinal);
        File.Delete(path);
    }

    private string Write(byte[] content)
    {
        string path = Path.Combine(_folder, "weights.npz");
        File.WriteAllBytes(path, content);
        return path;
    }
}
