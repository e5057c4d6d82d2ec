// A dict or OrderedDict in a pickle.
using System.Numerics;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Entries by text or number, each key once.</summary>
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
