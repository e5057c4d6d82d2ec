// The bytes of a pickle, read front to back with every length checked first.
using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A position in a pickle. Nothing is read past its end and no length is believed before it is compared with what is left.</summary>
internal sealed class PickleBytes(byte[] bytes, string file)
{
    private const string Damaged = "The file is damaged or was not written by torch.save: download or save it again.";
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private int _position;
    private int _operation;

    private int Left => bytes.Length - _position;

    /// <summary>The next operation's code; messages give its position until the next one is read.</summary>
    internal byte ReadOperation()
    {
        _operation = _position;
        return ReadByte();
    }

    internal byte ReadByte() => Take(1)[0];

    internal ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    internal int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    internal uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    internal ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Pickles keep floating-point numbers in network order, everything else in little-endian order.</summary>
    internal double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    internal ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)Left)
            throw Fail($"{length} bytes are promised, {Left} are left");
        var taken = bytes.AsSpan(_position, (int)length);
        _position += (int)length;
        return taken;
    }

    /// <summary>A check of a length that is announced ahead of further operations.</summary>
    internal void Promise(ulong length)
    {
        if (length > (ulong)Left)
            throw Fail($"a frame of {length} bytes is promised, {Left} are left");
    }

    internal string ReadText(ulong length)
    {
        var text = Take(length);
        try
        {
            return _utf8.GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            throw Fail("a text is not UTF-8", Damaged, e);
        }
    }

    /// <summary>Text up to a line feed, which is taken too.</summary>
    internal string ReadLine()
    {
        int length = bytes.AsSpan(_position).IndexOf((byte)'\n');
        if (length < 0)
            throw Fail("a line has no end");
        string line = ReadText((ulong)length);
        _position++;
        return line;
    }

    /// <summary>The error for the operation at hand.</summary>
    internal InvalidCheckpointException Fail(string problem, string advice = Damaged, Exception? cause = null)
    {
        string message = $"{file}: data.pkl, byte {_operation}: {problem}. {advice}";
        return cause is null ? new(message) : new(message, cause);
    }
}
