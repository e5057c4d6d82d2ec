// A small message of Protocol Buffers, put together in memory.
using Google.Protobuf;

namespace Microsoft.ML.VisionTransformer.Common;

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
