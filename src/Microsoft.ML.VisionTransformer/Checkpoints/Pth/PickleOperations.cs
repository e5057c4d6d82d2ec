// The operations of a pickle that build plain values.
using System.Collections.Frozen;
using System.Numerics;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>One operation by its code, as in Python's pickletools; a code that is not here is refused.</summary>
internal static class PickleOperations
{
    /// <summary>The operation that every pickle of protocol 2 or later starts with.</summary>
    internal const byte Protocol = 0x80;

    private static readonly FrozenDictionary<byte, Action<PickleBytes, PickleStack>> _table = new Dictionary<byte, Action<PickleBytes, PickleStack>>
    {
        [Protocol] = (b, _) => CheckProtocol(b),
        [0x95] = (b, _) => b.Promise(b.ReadUInt64()),
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
