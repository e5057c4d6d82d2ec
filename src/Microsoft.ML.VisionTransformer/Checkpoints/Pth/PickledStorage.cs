// A storage as a pickle mentions it.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Key">Its name below <c>data/</c> in the archive.</param>
/// <param name="Numbers">Its number format.</param>
/// <param name="Count">Number of values it says it has.</param>
internal sealed record PickledStorage(string Key, PickledNumbers Numbers, long Count)
{
    /// <summary>Keys are counted numbers in text.</summary>
    private const int LongestKey = 64;

    /// <summary>Reads <c>('storage', type, key, device, count)</c>.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    internal static PickledStorage From(object? id, PickleBytes bytes) =>
        id is PickleTuple { Items: ["storage", PickleGlobal { Numbers: { } numbers }, string key, string, long and >= 0 and var count] }
            && key.Length <= LongestKey
            ? new PickledStorage(key, numbers, count)
            : throw bytes.Fail("a storage is not described by its type, key, device and number of values");
}
