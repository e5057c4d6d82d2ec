// Reads and writes messages of Protocol Buffers field by field, without taking their content into memory.
using System.Text;
using Google.Protobuf;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// The wire format (https://protobuf.dev/programming-guides/encoding): a tag (number and kind) before each value; kinds are 0 varint, 1 eight bytes, 2
/// length and bytes, 5 four bytes. No value may end behind the message that it is in.
/// </summary>
/// <remarks>
/// Google.Protobuf's CodedInputStream reads all that it skips, has no message longer than 2 GiB, and does not tell where in the file a field lies; here bytes are stepped over, so that a
/// file's weights are neither read nor held until they are wanted. Everything that is written goes through Google.Protobuf (<see cref="ProtoMessage"/>).
/// </remarks>
internal sealed class ProtoReader(Stream stream, string path)
{
    /// <summary>Bytes of the longest text that is read: metadata and names.</summary>
    private const int MostText = 64 << 20;

    private const int MostVarintBytes = 10;

    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The fields of the message in these bytes of the file, in order; while they are gone through others may be read.</summary>
    /// <exception cref="InvalidCheckpointException">The bytes are no such message.</exception>
    internal IEnumerable<ProtoField> Fields(long start, long length)
    {
        long end = start + length;
        for (long position = start; position < end;)
        {
            stream.Position = position;
            var field = ReadField(end);
            position = stream.Position + Math.Max(field.Length, 0);
            yield return field;
        }
    }

    /// <summary>The text in a field.</summary>
    /// <exception cref="InvalidCheckpointException">It is no text, or longer than any that is expected.</exception>
    internal string Text(ProtoField field)
    {
        if (field.Length is < 0 or > MostText)
            throw Broken($"field {field.Number} at byte {field.Start} is no text, or one of {field.Length} bytes");
        byte[] bytes = new byte[field.Length];
        stream.Position = field.Start;
        stream.ReadExactly(bytes);
        try
        {
            return _strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Broken($"the text at byte {field.Start} is not UTF-8", e);
        }
    }

    internal InvalidCheckpointException Broken(string what, Exception? cause = null) =>
        new($"{path} is no sound ONNX file: {what}. Get it again, or export it again.", cause!);

    private ProtoField ReadField(long end)
    {
        ulong tag = ReadVarint(end);
        int number = checked((int)Math.Min(tag >> 3, int.MaxValue));
        switch (tag & 7)
        {
            case 0:
                return new ProtoField(number, unchecked((long)ReadVarint(end)), 0, -1);
            case 1:
                return Skip(number, sizeof(long), end);
            case 5:
                return Skip(number, sizeof(int), end);
            case 2:
                ulong length = ReadVarint(end);
                if (length > (ulong)(end - stream.Position))
                    throw Broken($"field {number} at byte {stream.Position} claims {length} bytes, {end - stream.Position} are left");
                return new ProtoField(number, 0, stream.Position, (long)length);
            default:
                throw Broken($"byte {stream.Position} begins a field of the unknown kind {tag & 7}");
        }
    }

    private ProtoField Skip(int number, int bytes, long end)
    {
        if (end - stream.Position < bytes)
            throw Broken($"field {number} at byte {stream.Position} is cut off");
        stream.Position += bytes;
        return new ProtoField(number, 0, 0, -1);
    }

    private ulong ReadVarint(long end)
    {
        ulong value = 0;
        for (int i = 0; i < MostVarintBytes; i++)
        {
            int next = stream.Position < end ? stream.ReadByte() : -1;
            if (next < 0)
                throw Broken($"a number is cut off at byte {stream.Position}");
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
                return value;
        }

        throw Broken($"a number before byte {stream.Position} has more than {MostVarintBytes} bytes");
    }
}

/// <summary>One field of a message, by where it lies in the file.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Value">A whole number's value; 0 for a field of bytes.</param>
/// <param name="Start">First byte of a field of bytes.</param>
/// <param name="Length">Its number of bytes; -1 for a number.</param>
internal readonly record struct ProtoField(int Number, long Value, long Start, long Length)
{
    /// <summary>Whether it is a message, a text or raw bytes.</summary>
    internal bool HasBytes => Length >= 0;
}

/// <summary>Fields in the order in which they are added. Of an ONNX graph it holds everything but the weights; of TensorBoard's files one event.</summary>
internal sealed class ProtoMessage
{
    private readonly List<Action<CodedOutputStream>> _fields = [];

    internal ProtoMessage Integer(int field, long value) => Add(field, WireFormat.WireType.Varint, output => output.WriteInt64(value));

    internal ProtoMessage Integers(int field, IEnumerable<long> values) => values.Aggregate(this, (message, value) => message.Integer(field, value));

    internal ProtoMessage Double(int field, double value) => Add(field, WireFormat.WireType.Fixed64, output => output.WriteDouble(value));

    internal ProtoMessage Float(int field, float value) => Add(field, WireFormat.WireType.Fixed32, output => output.WriteFloat(value));

    internal ProtoMessage Text(int field, string value) => Add(field, WireFormat.WireType.LengthDelimited, output => output.WriteString(value));

    internal ProtoMessage Texts(int field, IEnumerable<string> values) => values.Aggregate(this, (message, value) => message.Text(field, value));

    internal ProtoMessage Message(int field, ProtoMessage value) =>
        Add(field, WireFormat.WireType.LengthDelimited, output => output.WriteBytes(UnsafeByteOperations.UnsafeWrap(value.ToArray())));

    internal ProtoMessage Messages(int field, IEnumerable<ProtoMessage> values) => values.Aggregate(this, (message, value) => message.Message(field, value));

    /// <summary>The beginning of a field of that many bytes, which are written elsewhere.</summary>
    internal ProtoMessage Open(int field, int length) => Add(field, WireFormat.WireType.LengthDelimited, output => output.WriteLength(length));

    internal byte[] ToArray()
    {
        using var bytes = new MemoryStream();
        using var output = new CodedOutputStream(bytes);
        foreach (var write in _fields)
            write(output);
        output.Flush();
        return bytes.ToArray();
    }

    private ProtoMessage Add(int field, WireFormat.WireType type, Action<CodedOutputStream> write)
    {
        _fields.Add(output =>
        {
            output.WriteTag(field, type);
            write(output);
        });
        return this;
    }
}
