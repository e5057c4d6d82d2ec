// The weights of a golden case, which a test can change, and checkpoint files of them in any layout.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class GoldenWeights
{
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _tensors = new(StringComparer.Ordinal);

    /// <summary>timm's weights of a case whose names are the network's.</summary>
    internal GoldenWeights(string networkCase)
    {
        var file = SafetensorsFile.Read(Path.Combine(GoldenModel.Folder(networkCase), "weights.safetensors"));
        foreach (string name in file.Names)
            _tensors.Add(name, (file.Shape(name), file.Floats(name)));
    }

    internal float[] this[string name] => _tensors[name].Values;

    internal GoldenWeights Without(string start)
    {
        foreach (string name in _tensors.Keys.Where(name => name.StartsWith(start, StringComparison.Ordinal)).ToArray())
            _tensors.Remove(name);
        return this;
    }

    /// <summary>The position embedding of the patches only.</summary>
    internal GoldenWeights WithoutClassPosition()
    {
        var (shape, values) = _tensors["pos_embed"];
        _tensors["pos_embed"] = ([1, shape[1] - 1, shape[2]], values[(int)shape[2]..]);
        return this;
    }

    /// <summary>Writes <c>model.safetensors</c> with the names of a layout.</summary>
    /// <param name="folder">The folder of the file.</param>
    /// <param name="layout">The layout whose names are used.</param>
    /// <param name="bare">Without the layout's optional prefix.</param>
    /// <param name="rename">Renames a tensor of the layout. Default unchanged.</param>
    /// <param name="more">Names and shapes of further tensors.</param>
    /// <returns>The path of the file.</returns>
    internal string Write(
        TemporaryFolder folder, CheckpointLayout layout, bool bare = false, Func<string, string>? rename = null, params (string Name, long[] Shape)[] more)
    {
        string path = folder.File("model.safetensors");
        var rows = _tensors.Select(tensor => new ParameterRow(tensor.Key, ParameterRole.LinearWeight, tensor.Value.Shape));
        var tensors = layout.ToFile(rows, MlpKind.Plain, bare, name => _tensors[name].Values)
            .Select(tensor => (rename?.Invoke(tensor.Name) ?? tensor.Name, tensor.Shape, tensor.Values))
            .Concat(more.Select(tensor => (tensor.Name, tensor.Shape, (ReadOnlyMemory<float>)new float[tensor.Shape.Aggregate(1L, (a, b) => a * b)])));
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>());
        return path;
    }
}
