// The Python names that a checkpoint may mention, and the values that are built for them.
using System.Collections.Frozen;
using System.Numerics;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;

/// <summary>A name that stands for something this reader builds itself; nothing is ever looked up or loaded by it.</summary>
/// <param name="Name">Module and name, as the file has them.</param>
/// <param name="Meaning">What it stands for.</param>
/// <param name="Type">The number format, of a storage type.</param>
internal sealed record PickleGlobal(string Name, PickleMeaning Meaning, PickledValues? Type = null)
{
    internal const string Advice =
        "No checkpoint can run code here. Save the weights alone, with safetensors or torch.save(model.state_dict(), path), where you trust the file.";

    private static readonly FrozenDictionary<string, PickleGlobal> _known = new PickleGlobal[]
    {
        new("torch._utils._rebuild_tensor_v2", PickleMeaning.Tensor),
        new("torch._utils._rebuild_parameter", PickleMeaning.Parameter),
        new("torch.Size", PickleMeaning.Size),
        new("collections.OrderedDict", PickleMeaning.Dictionary),
        new("argparse.Namespace", PickleMeaning.Ignored),
        new("torch.float32", PickleMeaning.DataType),
        new("torch.float16", PickleMeaning.DataType),
        new("torch.bfloat16", PickleMeaning.DataType),
        new("torch.float64", PickleMeaning.DataType),
        new("torch.int64", PickleMeaning.DataType),
        new("torch.int32", PickleMeaning.DataType),
    }.Concat(PickledValues.All.Select(n => new PickleGlobal($"torch.{n.Name}", PickleMeaning.Storage, n))).ToFrozenDictionary(g => g.Name);

    /// <exception cref="InvalidCheckpointException">It is none of the names that tensors need.</exception>
    internal static PickleGlobal Find(string module, string name, PickleBytes bytes) =>
        _known.TryGetValue($"{module}.{name}", out var known) ? known : throw Refuse(module, name, bytes);

    internal static InvalidCheckpointException Refuse(string module, string name, PickleBytes bytes) =>
        bytes.Fail($"the file asks to load {MessageText.Of($"{module}.{name}")} and is refused", Advice);
}

/// <summary>What the Python names in a checkpoint stand for.</summary>
internal enum PickleMeaning
{
    /// <summary>A function: storage, offset, sizes, strides to a tensor.</summary>
    Tensor,

    /// <summary>A function: a tensor to itself.</summary>
    Parameter,

    /// <summary>A type: a tuple of sizes to itself.</summary>
    Size,

    /// <summary>A type: a dict.</summary>
    Dictionary,

    /// <summary>A type of storage.</summary>
    Storage,

    /// <summary>A constant.</summary>
    DataType,

    /// <summary>A type whose values are dropped: training options that some papers' files keep beside the weights.</summary>
    Ignored,
}

/// <summary>The calls a pickle may ask for, each answered by building a value.</summary>
internal static class PickleCalls
{
    /// <summary>A function with its arguments.</summary>
    internal static void Reduce(PickleBytes bytes, PickleStack stack)
    {
        var arguments = stack.Pop<PickleTuple>("tuple of arguments");
        var function = stack.Pop<PickleGlobal>("function");
        stack.Push((function.Meaning, arguments.Items) switch
        {
            (PickleMeaning.Tensor, _) => PickledTensor.From(arguments, bytes),
            (PickleMeaning.Parameter, [PickledTensor tensor, bool, _]) => tensor,
            (PickleMeaning.Size, [PickleTuple sizes]) => sizes,
            (PickleMeaning.Dictionary, []) => new PickleDictionary(),
            _ => throw Unfit(function, bytes),
        });
    }

    /// <summary>A new object of a type.</summary>
    internal static void NewObject(PickleBytes bytes, PickleStack stack)
    {
        var arguments = stack.Pop<PickleTuple>("tuple of arguments");
        var type = stack.Pop<PickleGlobal>("type");
        stack.Push((type.Meaning, arguments.Items) switch
        {
            (PickleMeaning.Dictionary, []) => new PickleDictionary(),
            (PickleMeaning.Ignored, []) => new PickleIgnored(),
            _ => throw Unfit(type, bytes),
        });
    }

    /// <summary>
    /// Attributes for the object below them, which are dropped: the versions that a state dict keeps of its modules, and the values of ignored objects.
    /// </summary>
    internal static void Build(PickleBytes bytes, PickleStack stack)
    {
        stack.Pop<PickleDictionary>("dict of attributes");
        if (stack.Peek() is not (PickleDictionary or PickleIgnored))
            throw bytes.Fail("attributes are set on something that has none");
    }

    private static InvalidCheckpointException Unfit(PickleGlobal called, PickleBytes bytes) =>
        bytes.Fail($"{called.Name} is called in a way that no checkpoint needs and is refused", PickleGlobal.Advice);
}

/// <summary>A tuple in a pickle. Compared by reference, so that no comparison walks through nested tuples.</summary>
internal sealed class PickleTuple(object?[] items)
{
    internal IReadOnlyList<object?> Items => items;
}

/// <summary>A dict or OrderedDict in a pickle. Entries by text or number, each key once.</summary>
internal sealed class PickleDictionary
{
    /// <summary>Names of parameters are below 200 characters; hashing a long one again and again would take hours.</summary>
    private const int LongestKey = 4096;
    private readonly Dictionary<object, object?> _items = [];

    internal IReadOnlyDictionary<object, object?> Items => _items;

    internal void Add(object? key, object? value, PickleBytes bytes)
    {
        if (key is not (string { Length: <= LongestKey } or long or double or bool or BigInteger or PickleTuple))
            throw bytes.Fail("a dict has a key that is no number and no text of at most 4096 characters");
        if (!_items.TryAdd(key, value))
            throw bytes.Fail($"a dict has the key {MessageText.Of(key)} twice");
    }
}

/// <summary>An object in a pickle of which nothing is kept.</summary>
internal sealed class PickleIgnored;

/// <summary>The number formats of PyTorch's storages.</summary>
/// <param name="Name">PyTorch's storage type, without its module.</param>
/// <param name="Type">The format it stands for.</param>
/// <param name="Width">Bytes per value.</param>
internal sealed record PickledValues(string Name, StoredType Type, int Width)
{
    internal static readonly IReadOnlyList<PickledValues> All =
    [
        new("FloatStorage", StoredType.Float32, 4),
        new("HalfStorage", StoredType.Float16, 2),
        new("BFloat16Storage", StoredType.BFloat16, 2),
        new("DoubleStorage", StoredType.Float64, 8),
        new("LongStorage", StoredType.Other, 8),
        new("IntStorage", StoredType.Other, 4),
        new("ShortStorage", StoredType.Other, 2),
        new("CharStorage", StoredType.Other, 1),
        new("ByteStorage", StoredType.Other, 1),
        new("BoolStorage", StoredType.Other, 1),
    ];
}

/// <summary>A storage as a pickle mentions it.</summary>
/// <param name="Key">Its name below <c>data/</c> in the archive.</param>
/// <param name="Type">Its number format.</param>
/// <param name="Count">Number of values it says it has.</param>
internal sealed record PickledStorage(string Key, PickledValues Type, long Count)
{
    /// <summary>Keys are counted numbers in text.</summary>
    private const int LongestKey = 64;

    /// <summary>Reads <c>('storage', type, key, device, count)</c>.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    internal static PickledStorage From(object? id, PickleBytes bytes) =>
        id is PickleTuple { Items: ["storage", PickleGlobal { Type: { } values }, string key, string, long and >= 0 and var count] }
            && key.Length <= LongestKey
            ? new PickledStorage(key, values, count)
            : throw bytes.Fail("a storage is not described by its type, key, device and number of values");
}

/// <summary>A tensor as a pickle describes it: a view of a storage.</summary>
/// <param name="Storage">Where its values are.</param>
/// <param name="Offset">Index of its first value.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Strides">Values from one index to the next, for each dimension.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides)
{
    /// <summary>PyTorch's own limit.</summary>
    private const int MaxDimensions = 64;

    /// <summary>Reads the arguments of <c>_rebuild_tensor_v2</c>: storage, offset, sizes, strides, and what is of no use here.</summary>
    /// <exception cref="InvalidCheckpointException">They are something else.</exception>
    internal static PickledTensor From(PickleTuple arguments, PickleBytes bytes) =>
        arguments.Items is [PickledStorage storage, long and >= 0 and var offset, PickleTuple shape, PickleTuple strides, bool, ..]
            && arguments.Items.Count <= 7 && shape.Items.Count == strides.Items.Count
            ? new PickledTensor(storage, offset, Sizes(shape, bytes), Sizes(strides, bytes))
            : throw bytes.Fail("a tensor is not described by a storage, an offset, sizes and strides");

    private static long[] Sizes(PickleTuple sizes, PickleBytes bytes)
    {
        if (sizes.Items.Count > MaxDimensions)
            throw bytes.Fail($"a tensor has {sizes.Items.Count} dimensions, {MaxDimensions} are the most");
        return [.. sizes.Items.Select(s => s is long and >= 0 and var size ? size : throw bytes.Fail("a tensor's size or stride is no whole number from 0"))];
    }
}
