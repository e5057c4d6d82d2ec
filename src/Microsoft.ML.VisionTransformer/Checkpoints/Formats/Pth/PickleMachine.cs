// Reads Python pickles with the operations that PyTorch checkpoints need.
using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Numerics;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;

/// <summary>
/// The stack machine of Python's pickle, protocols 2 to 5, without the operations that load or call code: it only builds values.
/// It does not recurse, and the cost of an operation is bounded by the bytes it reads from the pickle.
/// </summary>
internal static class PickleMachine
{
    /// <summary>Limits time and memory. The pickle of a ViT-H with its optimizer has about 100,000 operations.</summary>
    internal const int MaxOperations = 2_000_000;

    /// <summary>Returns the value that a pickle describes.</summary>
    /// <param name="pickle">The whole pickle.</param>
    /// <param name="file">The checkpoint file, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The pickle is corrupt, too long, or uses operations or names that checkpoints do not need.</exception>
    internal static object? Run(byte[] pickle, string file)
    {
        var bytes = new PickleBytes(pickle, file);
        var stack = new PickleStack(bytes);
        for (int count = 0; !stack.Stopped; count++)
        {
            byte code = bytes.ReadOperation();
            if (count == MaxOperations)
                throw bytes.Fail($"there are more than {MaxOperations} operations", "Save only the state_dict: torch.save(model.state_dict(), path).");
            if (count == 0 && code != PickleOperations.Protocol)
                throw bytes.Fail($"the file is rejected because its pickle starts with 0x{code:x2} instead of the protocol", PickleGlobal.Advice);
            PickleOperations.Find(code, bytes)(bytes, stack);
        }

        return stack.Pop();
    }
}

/// <summary>
/// The supported pickle operations by code, as in Python's pickletools. They only build plain values; any other code is rejected.
/// </summary>
internal static class PickleOperations
{
    /// <summary>The first operation of every pickle of protocol 2 or later.</summary>
    internal const byte Protocol = 0x80;

    private static readonly FrozenDictionary<byte, Action<PickleBytes, PickleStack>> _table = new Dictionary<byte, Action<PickleBytes, PickleStack>>
    {
        [Protocol] = (b, _) => CheckProtocol(b),
        [0x95] = (b, _) => b.CheckFrame(b.ReadUInt64()),
        [(byte)'.'] = (_, s) => s.Stopped = true,

        [(byte)'('] = (_, s) => s.Mark(),
        [(byte)'0'] = (_, s) => s.Pop(),
        [(byte)'1'] = (_, s) => s.PopToMark(),
        [(byte)'2'] = (_, s) => s.Push(s.Peek()),

        [(byte)'q'] = (b, s) => s.Remember(b.ReadByte()),
        [(byte)'r'] = (b, s) => s.Remember(b.ReadUInt32()),
        [0x94] = (_, s) => s.RememberNext(),
        [(byte)'h'] = (b, s) => s.Recall(b.ReadByte()),
        [(byte)'j'] = (b, s) => s.Recall(b.ReadUInt32()),

        [(byte)'N'] = (_, s) => s.Push(null),
        [0x88] = (_, s) => s.Push(true),
        [0x89] = (_, s) => s.Push(false),
        [(byte)'J'] = (b, s) => s.Push((long)b.ReadInt32()),
        [(byte)'K'] = (b, s) => s.Push((long)b.ReadByte()),
        [(byte)'M'] = (b, s) => s.Push((long)b.ReadUInt16()),
        [0x8a] = (b, s) => PushWholeNumber(s, b.Take(b.ReadByte())),
        [(byte)'G'] = (b, s) => s.Push(b.ReadDouble()),
        [0x8c] = (b, s) => s.Push(b.ReadText(b.ReadByte())),
        [(byte)'X'] = (b, s) => s.Push(b.ReadText(b.ReadUInt32())),
        [0x8d] = (b, s) => s.Push(b.ReadText(b.ReadUInt64())),

        [(byte)']'] = (_, s) => s.Push(new List<object?>()),
        [(byte)'l'] = (_, s) => s.Push(s.PopToMark().ToList()),
        [(byte)'a'] = (_, s) => Append(s, s.Pop()),
        [(byte)'e'] = (_, s) => Append(s, s.PopToMark()),
        [(byte)')'] = (_, s) => s.Push(new PickleTuple([])),
        [(byte)'t'] = (_, s) => s.Push(new PickleTuple(s.PopToMark())),
        [0x85] = (_, s) => s.Push(new PickleTuple(s.Pop(1))),
        [0x86] = (_, s) => s.Push(new PickleTuple(s.Pop(2))),
        [0x87] = (_, s) => s.Push(new PickleTuple(s.Pop(3))),
        [(byte)'}'] = (_, s) => s.Push(new PickleDictionary()),
        [(byte)'d'] = (b, s) => s.Push(SetItems(b, new PickleDictionary(), s.PopToMark())),
        [(byte)'s'] = (b, s) => SetTop(b, s, s.Pop(2)),
        [(byte)'u'] = (b, s) => SetTop(b, s, s.PopToMark()),

        [(byte)'c'] = (b, s) => s.Push(PickleGlobal.Find(b.ReadLine(), b.ReadLine(), b)),
        [0x93] = (b, s) => PushGlobal(b, s),
        [(byte)'i'] = (b, _) => throw PickleGlobal.Refuse(b.ReadLine(), b.ReadLine(), b),
        [(byte)'Q'] = (b, s) => s.Push(PickledStorage.From(s.Pop(), b)),
        [(byte)'R'] = PickleCalls.Reduce,
        [0x81] = PickleCalls.NewObject,
        [(byte)'b'] = PickleCalls.Build,
    }.ToFrozenDictionary();

    internal static Action<PickleBytes, PickleStack> Find(byte code, PickleBytes bytes) =>
        _table.TryGetValue(code, out var operation)
            ? operation
            : throw bytes.Fail($"the file is rejected because it uses the pickle operation 0x{code:x2}, which checkpoints do not need", PickleGlobal.Advice);

    private static void CheckProtocol(PickleBytes bytes)
    {
        byte protocol = bytes.ReadByte();
        if (protocol is < 2 or > 5)
            throw bytes.Fail($"the pickle protocol is {protocol}; only 2 to 5 are supported", "Save the file again with torch.save.");
    }

    /// <summary>Pushes an integer in little-endian two's complement of up to 255 bytes. Seeds can exceed 64 bits.</summary>
    private static void PushWholeNumber(PickleStack stack, ReadOnlySpan<byte> digits)
    {
        var number = new BigInteger(digits);
        if (number >= long.MinValue && number <= long.MaxValue)
            stack.Push((long)number);
        else
            stack.Push(number);
    }

    private static void Append(PickleStack stack, params object?[] values) => stack.Peek<List<object?>>("list").AddRange(values);

    private static void SetTop(PickleBytes bytes, PickleStack stack, object?[] items) => SetItems(bytes, stack.Peek<PickleDictionary>("dict"), items);

    private static PickleDictionary SetItems(PickleBytes bytes, PickleDictionary dictionary, object?[] items)
    {
        if (items.Length % 2 != 0)
            throw bytes.Fail("a dict has a key without a value");
        for (int i = 0; i < items.Length; i += 2)
            dictionary.Add(items[i], items[i + 1], bytes);
        return dictionary;
    }

    private static void PushGlobal(PickleBytes bytes, PickleStack stack)
    {
        string name = stack.Pop<string>("string");
        string module = stack.Pop<string>("string");
        stack.Push(PickleGlobal.Find(module, name, bytes));
    }
}

/// <summary>
/// The state of the machine: a stack of values, the marks in it, and the memo of numbered values. Values are null (None), Booleans, numbers, strings, lists,
/// and the Pickle* classes; all are plain data.
/// </summary>
internal sealed class PickleStack(PickleBytes bytes)
{
    private readonly List<object?> _values = [];
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<uint, object?> _memo = [];

    /// <summary>Set by the operation that ends the pickle.</summary>
    internal bool Stopped { get; set; }

    internal void Push(object? value) => _values.Add(value);

    internal void Mark() => _marks.Push(_values.Count);

    internal object? Pop()
    {
        object? value = Peek();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    internal object? Peek()
    {
        int floor = _marks.Count == 0 ? 0 : _marks.Peek();
        if (_values.Count <= floor)
            throw bytes.Fail("a value is popped from an empty stack");
        return _values[^1];
    }

    internal T Pop<T>(string expected)
        where T : class => Pop() as T ?? throw bytes.Fail($"the stack has no {expected} where one is required");

    internal T Peek<T>(string expected)
        where T : class => Peek() as T ?? throw bytes.Fail($"the stack has no {expected} where one is required");

    /// <summary>Pops the values above the last mark, and the mark.</summary>
    internal object?[] PopToMark()
    {
        if (!_marks.TryPop(out int mark))
            throw bytes.Fail("values are popped to a mark that was never set");
        object?[] taken = [.. _values.Skip(mark)];
        _values.RemoveRange(mark, taken.Length);
        return taken;
    }

    /// <summary>Pops values and returns them in the order in which they were pushed.</summary>
    internal object?[] Pop(int count)
    {
        var taken = new object?[count];
        for (int i = count - 1; i >= 0; i--)
            taken[i] = Pop();
        return taken;
    }

    internal void Remember(uint slot) => _memo[slot] = Peek();

    internal void RememberNext() => Remember((uint)_memo.Count);

    internal void Recall(uint slot) =>
        Push(_memo.TryGetValue(slot, out object? value) ? value : throw bytes.Fail($"the memo has no value {slot}"));
}

/// <summary>
/// Reads the bytes of a pickle sequentially. Every length is checked against the remaining bytes before it is used.
/// </summary>
internal sealed class PickleBytes(byte[] bytes, string file)
{
    private const string Corrupt = "The file is corrupt or was not written by torch.save: download or save it again.";
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private int _position;
    private int _operation;

    private int Left => bytes.Length - _position;

    /// <summary>Reads the next operation's code. Error messages report the position of the current operation.</summary>
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

    /// <summary>Pickles store floating-point values in big-endian order and everything else in little-endian order.</summary>
    internal double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    internal ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)Left)
            throw Fail($"{length} bytes are declared, but only {Left} are left");
        var taken = bytes.AsSpan(_position, (int)length);
        _position += (int)length;
        return taken;
    }

    /// <summary>Checks the declared length of a frame of operations.</summary>
    internal void CheckFrame(ulong length)
    {
        if (length > (ulong)Left)
            throw Fail($"a frame of {length} bytes is declared, but only {Left} are left");
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
            throw Fail("a string is not valid UTF-8", Corrupt, e);
        }
    }

    /// <summary>Reads text up to a line feed and skips the line feed.</summary>
    internal string ReadLine()
    {
        int length = bytes.AsSpan(_position).IndexOf((byte)'\n');
        if (length < 0)
            throw Fail("a line is not terminated");
        string line = ReadText((ulong)length);
        _position++;
        return line;
    }

    /// <summary>Creates an error for the current operation.</summary>
    internal InvalidCheckpointException Fail(string problem, string advice = Corrupt, Exception? cause = null)
    {
        string message = $"{file}: data.pkl, byte {_operation}: {problem}. {advice}";
        return cause is null ? new(message) : new(message, cause);
    }
}
