// The few protocol-buffer messages of which TensorBoard's event files are made, written by hand.
using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// tensorflow/core/util/event.proto: Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; },
/// SessionLog { status = 1, where 1 is START; }; summary.proto: Summary { repeated Value value = 1; }, Value { string tag = 1; float simple_value = 2; }.
/// </summary>
internal sealed class EventMessage
{
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    private EventMessage()
    {
    }

    /// <summary>The first event of a file.</summary>
    internal static byte[] FileVersion(double wallTime) => At(wallTime, step: 0).Field(3, Encoding.UTF8.GetBytes("brain.Event:2")).ToArray();

    /// <summary>Says that a run goes on with that step: TensorBoard leaves out what earlier files have of it and later.</summary>
    internal static byte[] Restart(double wallTime, long step) => At(wallTime, step).Field(7, new EventMessage().Field(1, 1).ToArray()).ToArray();

    /// <summary>Figures of a step.</summary>
    /// <param name="wallTime">Seconds since 1970, UTC.</param>
    /// <param name="step">The step.</param>
    /// <param name="values">Tags and figures.</param>
    internal static byte[] Summary(double wallTime, long step, IEnumerable<(string Tag, float Value)> values)
    {
        var summary = new EventMessage();
        foreach (var (tag, value) in values)
            summary.Field(1, new EventMessage().Field(1, Encoding.UTF8.GetBytes(tag)).Field(2, value).ToArray());
        return At(wallTime, step).Field(5, summary.ToArray()).ToArray();
    }

    private static EventMessage At(double wallTime, long step)
    {
        var message = new EventMessage().Field(1, wallTime);
        return step == 0 ? message : message.Field(2, step);    // what is 0 is left out, as in every proto3 writer
    }

    private EventMessage Field(int number, double value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return Key(number, Fixed64).Raw(bytes);
    }

    private EventMessage Field(int number, float value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return Key(number, Fixed32).Raw(bytes);
    }

    private EventMessage Field(int number, long value) => Key(number, Varint).Number((ulong)value);

    private EventMessage Field(int number, byte[] value) => Key(number, Bytes).Number((ulong)value.Length).Raw(value);

    private EventMessage Key(int number, int wireType) => Number((ulong)(number << 3 | wireType));

    private EventMessage Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            Raw([(byte)(value | 0x80)]);
        return Raw([(byte)value]);
    }

    private EventMessage Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    private byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
