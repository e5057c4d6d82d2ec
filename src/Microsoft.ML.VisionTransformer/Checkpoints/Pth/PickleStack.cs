// What a pickle is built on: a stack of values, the marks in it, and numbered values to come back to.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Values are null (None), truth values, numbers, texts, lists, and the classes named Pickle*; none of them can do anything.</summary>
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
