// What a Hugging Face folder has to say of its network: settings, names of its classes, and the tensors that are there.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Root">The settings of <c>config.json</c>.</param>
/// <param name="Tensors">The tensors by their names.</param>
/// <param name="Notes">Takes what has to be assumed, a sentence each.</param>
internal sealed record HuggingFaceSource(JsonSettings Root, IReadOnlyDictionary<string, StoredTensor> Tensors, ICollection<string> Notes)
{
    /// <summary>The tensor of that name, whatever prefix it has: the model's class puts its own in front (<c>vit.</c>, <c>vision_model.</c>).</summary>
    internal StoredTensor? Find(string name) => Tensors.TryGetValue(name, out var exact)
        ? exact
        : Tensors.FirstOrDefault(tensor => tensor.Key.EndsWith("." + name, StringComparison.Ordinal)).Value;

    /// <summary>Whether the file was saved from a class whose name ends so, such as <c>ForImageClassification</c>.</summary>
    internal bool IsClass(string ending) => Root.Texts("architectures").Any(name => name.EndsWith(ending, StringComparison.Ordinal));

    /// <summary>Whether there is a head: its weight says so, or the class that was saved.</summary>
    internal bool HasHead(string weight, string classEnding) => Find(weight) is not null || IsClass(classEnding);

    /// <summary>Outputs of a head, whose number the configuration gives as <paramref name="configured"/> under <paramref name="key"/>.</summary>
    /// <exception cref="InvalidCheckpointException">The head's weight has another number of rows.</exception>
    internal int Outputs(string weight, int configured, string key) => Find(weight) is { Shape: [long rows, _] } tensor && rows != configured
        ? throw Root.Unsupported(
            key,
            $"that makes {configured} outputs, and {MessageText.Of(tensor.Name)} has {rows} rows; "
            + "configuration and weights are of different checkpoints, fetch both again.")
        : configured;
}
