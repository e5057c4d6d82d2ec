// A small network of timm with its weights, an input and what timm made of it (Data/golden-model).
using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class GoldenModel : IDisposable
{
    private readonly Dictionary<string, Tensor> _values;

    private GoldenModel(VisionTransformerNetwork network, Dictionary<string, Tensor> values) => (Network, _values) = (network, values);

    /// <summary>The network in evaluation mode, with timm's weights.</summary>
    internal VisionTransformerNetwork Network { get; }

    /// <summary>A tensor of <c>io.safetensors</c>.</summary>
    internal Tensor this[string name] => _values[name];

    /// <summary>Whether <c>io.safetensors</c> has that tensor.</summary>
    internal bool Has(string name) => _values.ContainsKey(name);

    internal static GoldenModel Load(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Data", "golden-model", name);
        var network = new VisionTransformerNetwork(ReadArchitecture(Path.Combine(folder, "config.json")));
        var weights = SafetensorsFile.Read(Path.Combine(folder, "weights.safetensors")).Tensors();
        network.load_state_dict(weights);
        network.eval();
        foreach (var weight in weights.Values)
            weight.Dispose();
        return new GoldenModel(network, SafetensorsFile.Read(Path.Combine(folder, "io.safetensors")).Tensors());
    }

    /// <summary>Largest absolute difference between a result and timm's; the shapes must agree.</summary>
    internal double Difference(string name, Tensor actual)
    {
        var expected = _values[name];
        CollectionAssert.AreEqual(expected.shape, actual.shape, $"shape of {name}");
        using var scope = NewDisposeScope();
        return (actual - expected).abs().max().item<float>();
    }

    public void Dispose()
    {
        Network.Dispose();
        foreach (var value in _values.Values)
            value.Dispose();
    }

    private static VisionTransformerArchitecture ReadArchitecture(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var config = document.RootElement;
        int dimension = config.GetProperty("embed_dim").GetInt32();
        return new VisionTransformerArchitecture
        {
            ImageSize = Size(config, "image_size"),
            PatchSize = Size(config, "patch_size"),
            PatchStride = Size(config, "patch_stride"),
            Channels = config.GetProperty("in_channels").GetInt32(),
            Classes = config.GetProperty("num_classes").GetInt32(),
            EmbeddingDimension = dimension,
            Depth = config.GetProperty("depth").GetInt32(),
            Heads = config.GetProperty("num_heads").GetInt32(),
            MlpRatio = (double)config.GetProperty("mlp_hidden_dim").GetInt32() / dimension,
            QkvBias = config.GetProperty("qkv_bias").GetString() != "none",
            PositionEmbedding = config.GetProperty("pos_embed").GetString() == "learned" ? PositionEmbedding.Learned : PositionEmbedding.None,
            Pooling = config.GetProperty("pooling").GetString() == "avg" ? TokenPooling.Average : TokenPooling.ClassToken,
            NormEpsilon = config.GetProperty("norm_eps").GetDouble(),
        };
    }

    private static ImageDimensions Size(JsonElement config, string name) => (config.GetProperty(name)[0].GetInt32(), config.GetProperty(name)[1].GetInt32());
}
