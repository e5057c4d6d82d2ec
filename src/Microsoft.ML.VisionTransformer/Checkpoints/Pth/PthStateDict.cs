// Finds the weights in the value that a PyTorch checkpoint holds.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Key">The entry that the weights are in; null where the checkpoint is a plain state dict.</param>
/// <param name="Tensors">The tensors by name; what else lies beside them is left out.</param>
/// <param name="Passed">Entries beside that one that may hold weights too.</param>
internal sealed record PthStateDict(string? Key, IReadOnlyDictionary<string, PickledTensor> Tensors, IReadOnlyList<string> Passed)
{
    private const string Advice = "Save the weights alone: torch.save(model.state_dict(), path).";

    /// <summary>Where training scripts put the weights, the first that is there. Averaged weights come first: they are those that were evaluated, and what timm takes.</summary>
    private static readonly string[] _keys = ["state_dict_ema", "model_ema", "model", "state_dict", "teacher"];

    /// <exception cref="InvalidCheckpointException">There are no named tensors in it.</exception>
    internal static PthStateDict Find(object? value, PthArchive archive)
    {
        if (value is not PickleDictionary root)
            throw archive.Fail($"it holds {Describe(value)}, not a dict of tensors", Advice);
        foreach (string key in _keys)
        {
            if (root.Items.GetValueOrDefault(key) is PickleDictionary inner && NamedTensors(inner, archive) is { Count: > 0 } found)
                return new PthStateDict(key, found, [.. _keys.Where(other => other != key && root.Items.GetValueOrDefault(other) is PickleDictionary)]);
        }

        return NamedTensors(root, archive) is { Count: > 0 } plain
            ? new PthStateDict(null, plain, [])
            : throw archive.Fail(
                $"there are no tensors in it, nor under {string.Join(", ", _keys)}; it has {string.Join(", ", root.Items.Keys.Take(8).Select(MessageText.Of))}",
                Advice);
    }

    private static Dictionary<string, PickledTensor> NamedTensors(PickleDictionary dictionary, PthArchive archive)
    {
        var tensors = new Dictionary<string, PickledTensor>();
        foreach (var (key, value) in dictionary.Items)
        {
            if (value is PickledTensor tensor)
                tensors.Add(key as string ?? throw archive.Fail($"a tensor has the name {MessageText.Of(key)}, which is no text", Advice), tensor);
        }

        return tensors;
    }

    private static string Describe(object? value) => value switch
    {
        List<object?> => "a list",
        PickleTuple => "a tuple",
        PickledTensor => "a single tensor",
        null => "nothing",
        _ => "a single value",
    };
}
