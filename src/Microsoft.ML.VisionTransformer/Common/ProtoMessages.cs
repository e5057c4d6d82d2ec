// Reads and writes Protocol Buffers messages field by field, without loading their content into memory.
using System.Text;
using Google.Protobuf;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// The wire format (https://protobuf.dev/programming-guides/encoding): a tag (field number and wire type) before each value; wire types are 0 varint,
/// 1 eight bytes, 2 length and bytes, 5 four bytes. No value may extend past the end of its message.
/// </summary>
/// <remarks>
/// Google.Protobuf's CodedInputStream reads the bytes that it skips, supports no message longer than 2 GiB, and does not report the offset of a field
/// in the file. This reader seeks past bytes, so the weights of a file are read only when needed. Writing uses Google.Protobuf
/// (<see cref="ProtoMessage"/>).
/// </remarks>
internal sealed class ProtoReader(Stream stream, string path)
{
    /// <summary>Maximum length in bytes of a text: metadata and names.</summary>
    private const int MostText = 64 << 20;

    private const int MostVarintBytes = 10;

    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The fields of the message in these bytes of the file, in order. Other fields may be read during the enumeration.</summary>
    /// <exception cref="InvalidCheckpointException">The bytes are not a valid message.</exception>
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
    /// <exception cref="InvalidCheckpointException">The field is not text, or is longer than the maximum.</exception>
    internal string Text(ProtoField field)
    {
        if (field.Length is < 0 or > MostText)
            throw Broken($"field {field.Number} at byte {field.Start}, of {field.Length} bytes, is not a text of at most {MostText} bytes");
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
        new($"{path} is not a valid ONNX file: {what}. Download it again, or export it again.", cause!);

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
                    throw Broken($"field {number} at byte {stream.Position} claims {length} bytes, but only {end - stream.Position} are left");
                return new ProtoField(number, 0, stream.Position, (long)length);
            default:
                throw Broken($"byte {stream.Position} starts a field of unknown wire type {tag & 7}");
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
                throw Broken($"a varint is cut off at byte {stream.Position}");
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
                return value;
        }

        throw Broken($"a varint before byte {stream.Position} has more than {MostVarintBytes} bytes");
    }
}

/// <summary>One field of a message, by its offset in the file.</summary>
/// <param name="Number">Field number.</param>
/// <param name="Value">Value of a varint field; 0 for other fields.</param>
/// <param name="Start">Offset of the first byte of a length-delimited field.</param>
/// <param name="Length">Length in bytes of a length-delimited field; -1 for other fields.</param>
internal readonly record struct ProtoField(int Number, long Value, long Start, long Length)
{
    /// <summary>Whether the field is length-delimited: a message, text or raw bytes.</summary>
    internal bool HasBytes => Length >= 0;
}

/// <summary>
/// A message to write, with fields in the order in which they were added. It holds an ONNX graph without its weights, or one TensorBoard event.
/// </summary>
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

    /// <summary>Starts a field of that many bytes, which are written separately.</summary>
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
