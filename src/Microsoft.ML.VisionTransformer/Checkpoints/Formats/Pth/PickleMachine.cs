// Runs a pickle, as far as a checkpoint needs one.
using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Numerics;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;

/// <summary>
/// The stack machine of Python's pickle, protocols 2 to 5, without the parts that load or call anything: values are only built.
/// It does not recurse, and an operation costs no more than the bytes it takes from the pickle.
/// </summary>
internal static class PickleMachine
{
    /// <summary>A cap on time and memory; the pickle of a ViT-H with its optimizer has some 100,000 operations.</summary>
    internal const int MaxOperations = 2_000_000;

    /// <summary>The value a pickle describes.</summary>
    /// <param name="pickle">The whole pickle.</param>
    /// <param name="file">The checkpoint it is in, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The pickle is broken, too long, or asks for more than the values of a checkpoint.</exception>
    internal static object? Run(byte[] pickle, string file)
    {
        var bytes = new PickleBytes(pickle, file);
        var stack = new PickleStack(bytes);
        for (int count = 0; !stack.Stopped; count++)
        {
            byte code = bytes.ReadOperation();
            if (count == MaxOperations)
                throw bytes.Fail($"there are more than {MaxOperations} operations", "Save the state_dict alone: torch.save(model.state_dict(), path).");
            if (count == 0 && code != PickleOperations.Protocol)
                throw bytes.Fail($"the pickle starts with 0x{code:x2}, not with its protocol, and is refused", PickleGlobal.Advice);
            PickleOperations.Find(code, bytes)(bytes, stack);
        }

        return stack.Pop();
    }
}

/// <summary>
/// The operations of a pickle that build plain values. One operation by its code, as in Python's pickletools; a code that is not here is refused.
/// </summary>
internal static class PickleOperations
{
    /// <summary>The operation that every pickle of protocol 2 or later starts with.</summary>
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
            : throw bytes.Fail($"the pickle operation 0x{code:x2} is none that tensors and their names need and is refused", PickleGlobal.Advice);

    private static void CheckProtocol(PickleBytes bytes)
    {
        byte protocol = bytes.ReadByte();
        if (protocol is < 2 or > 5)
            throw bytes.Fail($"the pickle protocol is {protocol}, 2 to 5 are read", "Save the file again with torch.save.");
    }

    /// <summary>Little-endian two's complement of up to 255 bytes; seeds do not fit in 64 bits.</summary>
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
        string name = stack.Pop<string>("text");
        string module = stack.Pop<string>("text");
        stack.Push(PickleGlobal.Find(module, name, bytes));
    }
}

/// <summary>
/// What a pickle is built on: a stack of values, the marks in it, and numbered values to come back to. Values are null (None), truth values, numbers, texts,
/// lists, and the classes named Pickle*; none of them can do anything.
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
            throw bytes.Fail("a value is taken from an empty stack");
        return _values[^1];
    }

    internal T Pop<T>(string expected)
        where T : class => Pop() as T ?? throw bytes.Fail($"there is no {expected} where one is needed");

    internal T Peek<T>(string expected)
        where T : class => Peek() as T ?? throw bytes.Fail($"there is no {expected} where one is needed");

    /// <summary>The values above the last mark, which is removed with them.</summary>
    internal object?[] PopToMark()
    {
        if (!_marks.TryPop(out int mark))
            throw bytes.Fail("values are taken up to a mark that was never set");
        object?[] taken = [.. _values.Skip(mark)];
        _values.RemoveRange(mark, taken.Length);
        return taken;
    }

    /// <summary>The topmost values in the order in which they were pushed.</summary>
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
        Push(_memo.TryGetValue(slot, out object? value) ? value : throw bytes.Fail($"value {slot} is asked for and was never kept"));
}

/// <summary>
/// The bytes of a pickle, read front to back with every length checked first. A position in a pickle. Nothing is read past its end and no length is believed
/// before it is compared with what is left.
/// </summary>
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
    internal void CheckFrame(ulong length)
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
