// The few Python names a checkpoint may mention, and the refusal of all others.
using System.Collections.Frozen;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A name that stands for something this reader builds itself; nothing is ever looked up or loaded by it.</summary>
/// <param name="Name">Module and name, as the file has them.</param>
/// <param name="Meaning">What it stands for.</param>
/// <param name="Numbers">The number format, of a storage type.</param>
internal sealed record PickleGlobal(string Name, PickleMeaning Meaning, PickledNumbers? Numbers = null)
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
        new("torch.float32", PickleMeaning.NumberType),
        new("torch.float16", PickleMeaning.NumberType),
        new("torch.bfloat16", PickleMeaning.NumberType),
        new("torch.float64", PickleMeaning.NumberType),
        new("torch.int64", PickleMeaning.NumberType),
        new("torch.int32", PickleMeaning.NumberType),
    }.Concat(PickledNumbers.All.Select(n => new PickleGlobal($"torch.{n.Name}", PickleMeaning.Storage, n))).ToFrozenDictionary(g => g.Name);

    /// <exception cref="InvalidCheckpointException">It is none of the names that tensors need.</exception>
    internal static PickleGlobal Find(string module, string name, PickleBytes bytes) =>
        _known.TryGetValue($"{module}.{name}", out var known) ? known : throw Refuse(module, name, bytes);

    internal static InvalidCheckpointException Refuse(string module, string name, PickleBytes bytes) =>
        bytes.Fail($"the file asks to load {MessageText.Of($"{module}.{name}")} and is refused", Advice);
}
