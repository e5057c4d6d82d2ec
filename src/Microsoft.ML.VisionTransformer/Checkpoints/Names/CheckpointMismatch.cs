// What of a checkpoint does not fit a network.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>The differences between a file and a network, a sentence without a full stop each, in the file's names.</summary>
/// <param name="Missing">Tensors that the network needs and the file lacks.</param>
/// <param name="Unexpected">Tensors of the file that the network has no place for.</param>
/// <param name="WrongShape">Tensors of another shape than the network's.</param>
/// <param name="WrongType">Tensors of whole numbers where weights are needed.</param>
internal sealed record CheckpointMismatch(
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Unexpected,
    IReadOnlyList<string> WrongShape,
    IReadOnlyList<string> WrongType)
{
    private const int MostInMessage = 10;

    /// <summary>Whether the file fits.</summary>
    internal bool IsEmpty => Missing.Count + Unexpected.Count + WrongShape.Count + WrongType.Count == 0;

    /// <summary>All differences, the telling ones first.</summary>
    internal IReadOnlyList<string> All => [.. WrongShape, .. WrongType, .. Missing, .. Unexpected];

    /// <summary>At most ten of the differences, the telling ones first, and how many more there are.</summary>
    public override string ToString()
    {
        var all = All;
        string more = all.Count > MostInMessage ? $"; and {all.Count - MostInMessage} more" : "";
        return string.Join("; ", all.Take(MostInMessage)) + more;
    }
}
