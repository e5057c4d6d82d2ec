// A small parser of TensorBoard event files, independent of the writer under test.
using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>One event; absent values are null.</summary>
internal sealed class EventFile
{
    internal double WallTime { get; private set; }

    internal long Step { get; private set; }

    internal string? FileVersion { get; private set; }

    internal long? SessionStatus { get; private set; }

    internal Dictionary<string, float> Scalars { get; } = [];

    /// <summary>All events; a wrong checksum fails the test.</summary>
    internal static List<EventFile> Read(string path)
    {
        var rest = File.ReadAllBytes(path).AsSpan();
        var events = new List<EventFile>();
        while (rest.Length > 0)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(rest));
            Assert.AreEqual(Masked(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]), "checksum of the length");
            var data = rest.Slice(12, length);
            Assert.AreEqual(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]), "checksum of the data");
            events.Add(Parse(data));
            rest = rest[(16 + length)..];
        }

        return events;
    }

    /// <summary>CRC-32C bit by bit, with the reflected polynomial 0x1EDC6F41.</summary>
    private static uint Masked(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    private static EventFile Parse(ReadOnlySpan<byte> data)
    {
        var found = new EventFile();
        while (data.Length > 0)
        {
            switch (Varint(ref data))
            {
                case 1 << 3 | 1:
                    found.WallTime = BinaryPrimitives.ReadDoubleLittleEndian(Take(ref data, 8));
                    break;
                case 2 << 3:
                    found.Step = Varint(ref data);
                    break;
                case 3 << 3 | 2:
                    found.FileVersion = Encoding.UTF8.GetString(Message(ref data));
                    break;
                case 5 << 3 | 2:
                    ParseSummary(Message(ref data), found.Scalars);
                    break;
                case 7 << 3 | 2:
                    var session = Message(ref data);
                    Assert.AreEqual(1 << 3, Varint(ref session));
                    found.SessionStatus = Varint(ref session);
                    break;
                default:
                    Assert.Fail("an unknown field of an event");
                    break;
            }
        }

        return found;
    }

    private static void ParseSummary(ReadOnlySpan<byte> summary, Dictionary<string, float> scalars)
    {
        while (summary.Length > 0)
        {
            Assert.AreEqual(1 << 3 | 2, Varint(ref summary));
            var value = Message(ref summary);
            Assert.AreEqual(1 << 3 | 2, Varint(ref value));
            string tag = Encoding.UTF8.GetString(Message(ref value));
            Assert.AreEqual(2 << 3 | 5, Varint(ref value));
            scalars.Add(tag, BinaryPrimitives.ReadSingleLittleEndian(Take(ref value, 4)));
            Assert.IsTrue(value.IsEmpty);
        }
    }

    private static ReadOnlySpan<byte> Message(ref ReadOnlySpan<byte> data) => Take(ref data, (int)Varint(ref data));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> data, int length)
    {
        var taken = data[..length];
        data = data[length..];
        return taken;
    }

    private static long Varint(ref ReadOnlySpan<byte> data)
    {
        long value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = Take(ref data, 1)[0];
            value |= (long)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
    }
}
