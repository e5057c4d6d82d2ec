// The Python names that a PyTorch checkpoint may reference, and the values that are built for them.
using System.Collections.Frozen;
using System.Numerics;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;

/// <summary>A Python name that this reader handles itself. No code is looked up or loaded by name.</summary>
/// <param name="Name">Module and name, as in the file.</param>
/// <param name="Meaning">What the name refers to.</param>
/// <param name="Type">The data type of a storage type; otherwise null.</param>
internal sealed record PickleGlobal(string Name, PickleMeaning Meaning, PickledValues? Type = null)
{
    internal const string Advice =
        "Checkpoints cannot run code. If you trust the file, save only its weights, with safetensors or torch.save(model.state_dict(), path).";

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

    /// <exception cref="InvalidCheckpointException">The name is not one that tensors need.</exception>
    internal static PickleGlobal Find(string module, string name, PickleBytes bytes) =>
        _known.TryGetValue($"{module}.{name}", out var known) ? known : throw Refuse(module, name, bytes);

    internal static InvalidCheckpointException Refuse(string module, string name, PickleBytes bytes) =>
        bytes.Fail($"the file is rejected because it references {MessageText.Of($"{module}.{name}")}", Advice);
}

/// <summary>What the Python names in a checkpoint refer to.</summary>
internal enum PickleMeaning
{
    /// <summary>A function that creates a tensor from storage, offset, sizes and strides.</summary>
    Tensor,

    /// <summary>A function that returns its tensor argument.</summary>
    Parameter,

    /// <summary>A type that returns its tuple of sizes.</summary>
    Size,

    /// <summary>A dict type.</summary>
    Dictionary,

    /// <summary>A storage type.</summary>
    Storage,

    /// <summary>A dtype constant such as <c>torch.float32</c>.</summary>
    DataType,

    /// <summary>A type whose values are ignored: training options that some published files store beside the weights.</summary>
    Ignored,
}

/// <summary>The calls that a pickle may contain. Each only builds a value.</summary>
internal static class PickleCalls
{
    /// <summary>Calls a function with a tuple of arguments.</summary>
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

    /// <summary>Creates an object of a type.</summary>
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
    /// Sets attributes of an object. They are discarded: the module versions of a state dict, and the values of ignored objects.
    /// </summary>
    internal static void Build(PickleBytes bytes, PickleStack stack)
    {
        stack.Pop<PickleDictionary>("dict of attributes");
        if (stack.Peek() is not (PickleDictionary or PickleIgnored))
            throw bytes.Fail("attributes are set on an object that cannot have any");
    }

    private static InvalidCheckpointException Unfit(PickleGlobal called, PickleBytes bytes) =>
        bytes.Fail($"the file is rejected because it calls {called.Name} with arguments that no checkpoint needs", PickleGlobal.Advice);
}

/// <summary>A tuple in a pickle. Compared by reference, because comparing nested tuples could take unlimited time.</summary>
internal sealed class PickleTuple(object?[] items)
{
    internal IReadOnlyList<object?> Items => items;
}

/// <summary>A dict or OrderedDict in a pickle, with strings, numbers and tuples as unique keys.</summary>
internal sealed class PickleDictionary
{
    /// <summary>Parameter names have fewer than 200 characters. Hashing a very long key repeatedly could take hours.</summary>
    private const int LongestKey = 4096;
    private readonly Dictionary<object, object?> _items = [];

    internal IReadOnlyDictionary<object, object?> Items => _items;

    internal void Add(object? key, object? value, PickleBytes bytes)
    {
        if (key is not (string { Length: <= LongestKey } or long or double or bool or BigInteger or PickleTuple))
            throw bytes.Fail("a dict has a key that is neither a number nor a string of at most 4096 characters");
        if (!_items.TryAdd(key, value))
            throw bytes.Fail($"a dict has the key {MessageText.Of(key)} twice");
    }
}

/// <summary>An object in a pickle whose content is discarded.</summary>
internal sealed class PickleIgnored;

/// <summary>The data type of a PyTorch storage.</summary>
/// <param name="Name">PyTorch's storage type, without its module.</param>
/// <param name="Type">The data type.</param>
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

/// <summary>A storage, as described in a pickle.</summary>
/// <param name="Key">Its name below <c>data/</c> in the archive.</param>
/// <param name="Type">Its data type.</param>
/// <param name="Count">Its declared number of values.</param>
internal sealed record PickledStorage(string Key, PickledValues Type, long Count)
{
    /// <summary>Keys are consecutive numbers written as strings.</summary>
    private const int LongestKey = 64;

    /// <summary>Reads <c>('storage', type, key, device, count)</c>.</summary>
    /// <exception cref="InvalidCheckpointException">The value has another form.</exception>
    internal static PickledStorage From(object? id, PickleBytes bytes) =>
        id is PickleTuple { Items: ["storage", PickleGlobal { Type: { } values }, string key, string, long and >= 0 and var count] }
            && key.Length <= LongestKey
            ? new PickledStorage(key, values, count)
            : throw bytes.Fail("a storage description does not consist of type, key, device and number of values");
}

/// <summary>A tensor, as described in a pickle: a view of a storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Offset">Index of the first value in the storage.</param>
/// <param name="Shape">The shape.</param>
/// <param name="Strides">The stride of each dimension, in values.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides)
{
    /// <summary>PyTorch's own limit.</summary>
    private const int MaxDimensions = 64;

    /// <summary>Reads the arguments of <c>_rebuild_tensor_v2</c>: storage, offset, sizes, strides, and others that are ignored.</summary>
    /// <exception cref="InvalidCheckpointException">The arguments have another form.</exception>
    internal static PickledTensor From(PickleTuple arguments, PickleBytes bytes) =>
        arguments.Items is [PickledStorage storage, long and >= 0 and var offset, PickleTuple shape, PickleTuple strides, bool, ..]
            && arguments.Items.Count <= 7 && shape.Items.Count == strides.Items.Count
            ? new PickledTensor(storage, offset, Sizes(shape, bytes), Sizes(strides, bytes))
            : throw bytes.Fail("a tensor description does not consist of storage, offset, sizes and strides");

    private static long[] Sizes(PickleTuple sizes, PickleBytes bytes)
    {
        if (sizes.Items.Count > MaxDimensions)
            throw bytes.Fail($"a tensor has {sizes.Items.Count} dimensions; at most {MaxDimensions} are supported");
        return [.. sizes.Items.Select(s => s is long and >= 0 and var size
            ? size
            : throw bytes.Fail("a tensor's size or stride is not a non-negative integer"))];
    }
}
