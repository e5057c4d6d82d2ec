// A small timm network with its weights, an input and timm's outputs (test/Data/golden/model).
using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class GoldenModel : IDisposable
{
    private readonly Dictionary<string, Tensor> _values;

    private GoldenModel(VisionTransformerNetwork network, Dictionary<string, Tensor> values) => (Network, _values) = (network, values);

    /// <summary>The names of all networks.</summary>
    internal static IEnumerable<string> Names =>
        Directory.GetDirectories(TestData.Path("golden", "model")).Where(f => File.Exists(Path.Combine(f, "weights.safetensors")))
            .Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);

    /// <summary>The network in evaluation mode, with timm's weights.</summary>
    internal VisionTransformerNetwork Network { get; }

    /// <summary>A tensor of <c>io.safetensors</c>.</summary>
    internal Tensor this[string name] => _values[name];

    /// <summary>Whether <c>io.safetensors</c> has that tensor.</summary>
    internal bool Has(string name) => _values.ContainsKey(name);

    internal static GoldenModel Load(string name)
    {
        string folder = Folder(name);
        var network = new VisionTransformerNetwork(ArchitectureOf(name));
        var weights = ToOneNetwork(SafetensorsFile.Read(Path.Combine(folder, "weights.safetensors")).Tensors());
        network.load_state_dict(weights);
        network.eval();
        foreach (var weight in weights.Values)
            weight.Dispose();
        return new GoldenModel(network, SafetensorsFile.Read(Path.Combine(folder, "io.safetensors")).Tensors());
    }

    /// <summary>The folder of a case.</summary>
    internal static string Folder(string name) => TestData.Path("golden", "model", name);

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

    /// <summary>The architecture of a case, from its <c>config.json</c>.</summary>
    internal static VisionTransformerArchitecture ArchitectureOf(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder(name), "config.json")));
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
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(config.GetProperty("mlp_hidden_dim").GetInt32(), dimension),
            Mlp = config.GetProperty("swiglu").GetBoolean() ? MlpKind.SwiGlu : MlpKind.Plain,
            Activation = config.GetProperty("activation").GetString() switch
            {
                "gelu_tanh" => MlpActivation.GeluTanh,
                "quick_gelu" => MlpActivation.QuickGelu,
                _ => MlpActivation.Gelu,
            },
            MlpNorm = config.GetProperty("mlp_hidden_norm").GetBoolean(),
            QkvBias = config.GetProperty("qkv_bias").GetString() != "none",
            KeyBias = config.GetProperty("qkv_bias").GetString() != "q_and_v_only",
            QkNorm = config.GetProperty("qk_norm").GetBoolean(),
            AttentionNorm = config.GetProperty("attention_output_norm").GetBoolean(),
            LayerScale = config.GetProperty("layer_scale").GetBoolean() ? 1 : null,
            ClassToken = config.GetProperty("class_token").GetBoolean(),
            DistillationToken = config.GetProperty("distill_token").GetBoolean(),
            RegisterTokens = config.GetProperty("register_tokens").GetInt32(),
            PositionEmbedding = config.GetProperty("pos_embed").GetString() == "learned" ? PositionEmbedding.Learned : PositionEmbedding.None,
            PositionsCoverPrefix = config.GetProperty("pos_embed_covers_prefix").GetBoolean(),
            Rotary = ReadRotary(config.GetProperty("rope")),
            PatchBias = config.GetProperty("patch_bias").GetBoolean(),
            PreNorm = config.GetProperty("pre_norm").GetBoolean(),
            Pooling = config.GetProperty("pooling").GetString() switch
            {
                "avg" => TokenPooling.Average,
                "max" => TokenPooling.Max,
                "avgmax" => TokenPooling.AverageAndMax,
                "map" => TokenPooling.Attention,
                "none" => TokenPooling.None,
                _ => TokenPooling.ClassToken,
            },
            PoolPrefixTokens = config.GetProperty("pool_includes_prefix").GetBoolean(),
            NormAfterPooling = config.GetProperty("fc_norm_after_pool").GetBoolean(),
            NormEpsilon = config.GetProperty("norm_eps").GetDouble(),
        };
    }

    private static ImageDimensions Size(JsonElement config, string name) => (config.GetProperty(name)[0].GetInt32(), config.GetProperty(name)[1].GetInt32());

    private static RotaryEmbedding? ReadRotary(JsonElement rope) => rope.ValueKind == JsonValueKind.Null
        ? null
        : rope.GetProperty("type").GetString() == "dinov3"
            ? new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = rope.GetProperty("period_base").GetDouble() }
            : new RotaryEmbedding { Temperature = rope.GetProperty("temperature").GetDouble(), ReferenceGrid = Size(rope, "reference_grid") };

    /// <summary>
    /// Maps timm's names of EVA networks to those of this library; independent of the library's tables, which are under test.
    /// </summary>
    private static Dictionary<string, Tensor> ToOneNetwork(Dictionary<string, Tensor> weights)
    {
        foreach (string name in weights.Keys.ToArray())
        {
            if (name.EndsWith(".gamma_1", StringComparison.Ordinal) || name.EndsWith(".gamma_2", StringComparison.Ordinal))
                Move(name, $"{name[..^"gamma_1".Length]}ls{name[^1]}.gamma");
            else if (name.EndsWith(".q_proj.weight", StringComparison.Ordinal))
                Join(name, "q_proj", "qkv", "q_proj", "k_proj", "v_proj");
            else if (name.EndsWith("q_proj.bias", StringComparison.Ordinal))
                Move(name, name.Replace("q_proj.bias", "q_bias", StringComparison.Ordinal));
            else if (name.EndsWith("v_proj.bias", StringComparison.Ordinal))
                Move(name, name.Replace("v_proj.bias", "v_bias", StringComparison.Ordinal));
            else if (name.Contains(".fc1_g.", StringComparison.Ordinal))
                Join(name, "fc1_g", "fc1", "fc1_g", "fc1_x");
        }

        return weights;

        void Move(string from, string to)
        {
            weights[to] = weights[from];
            weights.Remove(from);
        }

        void Join(string name, string part, string joined, params string[] parts)
        {
            string[] names = [.. parts.Select(p => name.Replace(part, p, StringComparison.Ordinal))];
            weights[name.Replace(part, joined, StringComparison.Ordinal)] = cat([.. names.Select(n => weights[n])]);
            foreach (string n in names)
            {
                weights[n].Dispose();
                weights.Remove(n);
            }
        }
    }
}
