// The Vision Transformer as a TorchSharp module, and the chunked backward pass.
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Weights;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The network itself, a TorchSharp module ("An Image is Worth 16x16 Words", arXiv:2010.11929). It computes logits [N,
/// classes] from images [N, C, H, W]. Without a head it computes features [N, D]. The state dictionary has the keys and
/// shapes of timm's <c>VisionTransformer</c>, and the same weights give the same values.
/// </summary>
/// <remarks>
/// Initial weights and dropout use the network's own seeded streams of random numbers, never torch's global generator.
/// In evaluation mode several threads may run forward passes at the same time. In training mode only one thread may.
/// </remarks>
/// <example>
/// <code>
/// using Microsoft.ML.VisionTransformer;
/// using TorchSharp;
///
/// var architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
/// {
///     ImageSize = 32,
///     PatchSize = 8,
///     Classes = 5,
///     Depth = 2,
///     Activation = MlpActivation.GeluTanh,
/// };
/// using var network = new VisionTransformerNetwork(architecture, seed: 1);
/// network.eval();
/// using var noGradient = torch.no_grad();
/// using torch.Tensor images = torch.zeros(4, 3, 32, 32);
/// using torch.Tensor logits = network.forward(images);
/// using torch.Tensor tokens = network.ForwardFeatures(images);
/// Console.WriteLine($"logits [{string.Join(", ", logits.shape)}], tokens [{string.Join(", ", tokens.shape)}]");
/// </code>
/// </example>
public sealed class VisionTransformerNetwork : nn.Module<Tensor, Tensor>
{
    private const long NoisePurpose = 1;

    [ComponentName(Name = "cls_token")] private readonly Parameter? _classToken;
    [ComponentName(Name = "dist_token")] private readonly Parameter? _distillationToken;
    [ComponentName(Name = "reg_token")] private readonly Parameter? _registerTokens;
    [ComponentName(Name = "pos_embed")] private readonly Tensor? _positions;
    [ComponentName(Name = "patch_embed")] private readonly PatchEmbedding _patchEmbedding;
    [ComponentName(Name = "norm_pre")] private readonly NormLayer? _preNorm;
    [ComponentName(Name = "blocks")] private readonly ModuleList<TransformerBlock> _blocks;
    [ComponentName(Name = "norm")] private readonly NormLayer? _norm;
    [ComponentName(Name = "attn_pool")] private readonly AttentionPool? _attentionPool;
    [ComponentName(Name = "fc_norm")] private readonly NormLayer? _pooledNorm;
    [ComponentName(Name = "pre_logits")] private readonly RepresentationLayer? _representation;
    [ComponentName(Name = "head")] private readonly LinearLayer? _head;
    [ComponentName(Name = "head_dist")] private readonly LinearLayer? _distillationHead;
    private readonly RotaryTable? _rotary;
    private readonly NoiseSource _noise;
    private readonly SeededDropout _embeddingDropout;

    /// <summary>Creates a network with newly initialized weights, in training mode.</summary>
    /// <param name="architecture">The architecture of the network.</param>
    /// <param name="seed">
    /// The seed of the initial weights and of dropout. The same seed gives the same network. Default 0.
    /// </param>
    /// <exception cref="ArgumentException">The architecture is invalid. The message says why.</exception>
    /// <exception cref="InvalidOperationException">libtorch cannot be loaded. The message says how to add it.</exception>
    public VisionTransformerNetwork(VisionTransformerArchitecture architecture, int seed = 0)
        : this(architecture, seed, drawWeights: true)
    {
    }

    private VisionTransformerNetwork(VisionTransformerArchitecture architecture, int seed, bool drawWeights)
        : base(TorchRuntime.LoadFor(nameof(VisionTransformerNetwork)))
    {
        Architecture = architecture.Check();
        using var state = TorchState.EnterOrdinary();
        _noise = new NoiseSource(RandomStream.For(seed, NoisePurpose));
        int dimension = architecture.EmbeddingDimension;
        _classToken = architecture.ClassToken ? UninitializedParameter.Of(1, 1, dimension) : null;
        _distillationToken = architecture.DistillationToken ? UninitializedParameter.Of(1, 1, dimension) : null;
        _registerTokens = architecture.RegisterTokens > 0 ? UninitializedParameter.Of(1, architecture.RegisterTokens, dimension) : null;
        _positions = architecture.PositionEmbedding switch
        {
            PositionEmbedding.Learned => UninitializedParameter.Of(1, architecture.PositionCount, dimension),
            PositionEmbedding.SinCos2D => FixedPositions(architecture),
            _ => null,
        };
        _patchEmbedding = new PatchEmbedding(architecture);
        _embeddingDropout = new SeededDropout(architecture.EmbeddingDropoutRate, _noise);
        _rotary = architecture.Rotary is null ? null : new RotaryTable(architecture);
        _preNorm = architecture.PreNorm ? NewNorm() : null;
        _blocks = new ModuleList<TransformerBlock>([.. Enumerable.Range(0, architecture.Depth).Select(NewBlock)]);
        _norm = architecture.NormsPooled ? null : NewNorm();
        _attentionPool = PoolingRecipe.Of(architecture.Pooling).Attends ? new AttentionPool(architecture, _noise) : null;
        _pooledNorm = architecture.NormsPooled ? NewNorm() : null;
        _representation = architecture.RepresentationDimension > 0 ? new RepresentationLayer(architecture) : null;
        _head = NewHead(architecture.Classes > 0);
        _distillationHead = NewHead(architecture is { Classes: > 0, DistillationToken: true });
        RegisterComponents();
        if (drawWeights)
        {
            var parameters = named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
            WeightInitializer.Draw(architecture, name => Values(parameters[name]), seed);
        }
    }

    /// <summary>The architecture of the network.</summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <summary>The table that rotates queries and keys; null without rotary positions.</summary>
    internal RotaryTable? Rotary => _rotary;

    /// <summary>A network whose weights are undefined until they are loaded; this skips their initialization.</summary>
    internal static VisionTransformerNetwork WithUnsetWeights(VisionTransformerArchitecture architecture, int seed = 0) =>
        new(architecture, seed, drawWeights: false);

    /// <summary>A network with a copy of these weights, in training mode.</summary>
    /// <param name="architecture">The architecture.</param>
    /// <param name="weights">Every weight of the architecture, by name.</param>
    /// <param name="seed">Seeds dropout.</param>
    internal static VisionTransformerNetwork Of(
        VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, NamedWeight> weights, int seed = 0)
    {
        var network = WithUnsetWeights(architecture, seed);
        try
        {
            network.Fill(name => weights[name]);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Copies the network to a device. The caller disposes the copy.</summary>
    internal VisionTransformerNetwork CopyTo(Device device)
    {
        var copy = WithUnsetWeights(Architecture);
        try
        {
            copy.load_state_dict(state_dict());
            return copy.to(device);
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>Copies weights into this network, which must be in main memory.</summary>
    /// <param name="weights">Returns the weight for a name of the state dictionary; null leaves the network's own values.</param>
    internal void Fill(Func<string, NamedWeight?> weights)
    {
        using var state = TorchState.EnterOrdinary();
        foreach (var (name, tensor) in state_dict())
        {
            using var values = weights(name)?.Open();
            values?.Values.CopyTo(Values(tensor));
        }
    }

    /// <summary>A copy of the weights as arrays, which the caller disposes.</summary>
    internal NetworkWeights CopyWeights()
    {
        using var mode = no_grad();
        var weights = new NetworkWeights(Architecture);
        try
        {
            foreach (var (name, tensor) in state_dict())
                CopyTo(tensor, weights[name].Values);

            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Copies a weight from any device and type.</summary>
    internal static void CopyTo(Tensor tensor, Span<float> values)
    {
        if (tensor.device_type == DeviceType.CPU && tensor.dtype == ScalarType.Float32)
        {
            Values(tensor).CopyTo(values);
            return;
        }

        using var mode = no_grad();
        using var scope = NewDisposeScope();
        Values(tensor.to(ScalarType.Float32).cpu().contiguous()).CopyTo(values);
    }

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static Tensor FixedPositions(VisionTransformerArchitecture architecture)
    {
        var table = empty([1, architecture.PositionCount, architecture.EmbeddingDimension], dtype: ScalarType.Float32, device: CPU);
        SinCosPositions.Fill(Values(table), architecture);
        return table.DetachFromDisposeScope();
    }

    /// <summary>
    /// Computes logits [N, classes] from images [N, C, H, W], or features if there is no head. Features are [N, D], or
    /// [N, 2 D] with <see cref="TokenPooling.ClassTokenAndAverage"/>. With <see cref="TokenPooling.None"/> they are all
    /// tokens, [N, T, D].
    /// </summary>
    /// <param name="x">Images [N, C, H, W], resized and normalized, on the device of the weights.</param>
    /// <returns>Logits or features. The caller disposes the tensor.</returns>
    /// <exception cref="ArgumentException">The shape of the input does not match the architecture.</exception>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return ForwardHead(ForwardFeatures(x)).MoveToOuterDisposeScope();
    }

    /// <summary>The same logits as <see cref="forward"/>, for a backward pass in chunks.</summary>
    internal Tensor ForwardInChunks(Tensor x, BackwardCuts cuts)
    {
        using var scope = NewDisposeScope();
        var tokens = cuts.Cut(Enter(x), 0);
        foreach (var (index, block) in Enumerable.Range(1, Architecture.Depth).Zip(_blocks))
            tokens = cuts.Cut(block.call(tokens, _rotary, null), index);
        return ForwardHead(Normalize(tokens)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Computes tokens [N, T, D] from images [N, C, H, W]: class, distillation and register tokens, then the patch
    /// tokens row by row. The final norm is applied, unless it follows the pooling
    /// (<see cref="VisionTransformerArchitecture.NormAfterPooling"/>).
    /// </summary>
    /// <param name="x">Images [N, C, H, W], resized and normalized, on the device of the weights.</param>
    /// <returns>Tokens [N, T, D]. The caller disposes the tensor.</returns>
    /// <exception cref="ArgumentException">The shape of the input does not match the architecture.</exception>
    public Tensor ForwardFeatures(Tensor x) => ForwardFeatures(x, attentionMask: null);

    /// <summary>As <see cref="ForwardFeatures(Tensor)"/>, with a mask added to the attention scores of all blocks; it broadcasts to [N, heads, T, T].</summary>
    internal Tensor ForwardFeatures(Tensor x, Tensor? attentionMask)
    {
        using var scope = NewDisposeScope();
        var tokens = Enter(x);
        foreach (var block in _blocks)
        {
            var next = block.call(tokens, _rotary, attentionMask);
            // Disposed here: otherwise the tokens of all blocks would be held until the scope ends.
            tokens.Dispose();
            tokens = next;
        }

        return Normalize(tokens).MoveToOuterDisposeScope();
    }

    /// <summary>Applies the final norm if it comes before the pool; otherwise returns the tokens themselves.</summary>
    private Tensor Normalize(Tensor tokens) => _norm is null ? tokens : _norm.call(tokens);

    /// <summary>
    /// Computes logits [N, classes] from the tokens [N, T, D] of <see cref="ForwardFeatures(Tensor)"/>.
    /// </summary>
    /// <param name="tokens">The result of <see cref="ForwardFeatures(Tensor)"/>.</param>
    /// <param name="preLogits">
    /// If true, the pooled features [N, D] before the head are returned. Default false. A network without a head always
    /// returns the features.
    /// </param>
    /// <returns>Logits or features. The caller disposes the tensor.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="tokens"/> is null.</exception>
    public Tensor ForwardHead(Tensor tokens, bool preLogits = false)
    {
        Guard.NotNull(tokens);
        using var scope = NewDisposeScope();
        Tensor[] features = [.. PoolingRecipe.OfHeads(Architecture).Select(recipe => Finish(Pool(tokens, recipe)))];
        Tensor[] outputs = preLogits || _head is null ? features : [.. features.Zip([_head, _distillationHead], (input, head) => head!.call(input))];
        return Mean(outputs).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens [N, T, D] of <see cref="ForwardFeatures(Tensor)"/> to an embedding [N, width of the kind].</summary>
    /// <exception cref="ArgumentException">The network does not produce this kind of embedding.</exception>
    internal Tensor ForwardEmbedding(Tensor tokens, FeatureKind kind)
    {
        Architecture.WidthOf(kind);
        if (PoolingRecipe.Of(kind) is not { } recipe)
            return ForwardHead(tokens, preLogits: kind == FeatureKind.Pooled);
        using var scope = NewDisposeScope();
        return cat([.. recipe.Parts.Select(part => Norm(Reduce(tokens, part)))], 1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Runs one block on tokens [N, T, D] and returns its attention weights too: after the softmax and before dropout, [N, heads, T, T], one row per
    /// query, rows sum to 1. The caller disposes both.
    /// </summary>
    internal (Tensor Tokens, Tensor Weights) RunBlock(int index, Tensor tokens) => _blocks[index].ForwardWithWeights(tokens, _rotary, mask: null);

    /// <summary>Output tokens [N, T, D] of the last block to logits, with the intermediate results. The tensors belong to the caller's dispose scope.</summary>
    internal TracedEnd TraceEnd(Tensor last)
    {
        using var scope = NewDisposeScope();
        var tokens = _norm is null ? last.alias() : _norm.call(last);
        if (_attentionPool is null)
        {
            var (kept, logits) = scope.MoveToOuter(tokens, ForwardHead(tokens));
            return new TracedEnd(null, kept, logits);
        }
        else
        {
            var (pooled, pool) = _attentionPool.ForwardWithWeights(Selected(tokens, PoolingRecipe.Of(Architecture.Pooling).Parts.Single()));
            var features = Finish(pooled);
            var (weights, kept, logits) = scope.MoveToOuter(pool, tokens, _head is null ? features : _head.call(features));
            return new TracedEnd(weights, kept, logits);
        }
    }

    /// <summary>
    /// Sets the stream that the dropout masks of the next forward passes in training mode are drawn from. One stream per step makes a step reproducible. Before
    /// the first call the stream is derived from the seed.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="rows">Row ids of the next batch, which determine the masks; null uses the positions in the batch.</param>
    internal void UseNoise(RandomStream stream, long[]? rows = null) => (_noise.Stream, _noise.Rows) = (Guard.NotNull(stream), rows);

    /// <summary>Images [N, C, H, W] to tokens [N, T, D]: the prefix and the patches, with positions added, before CLIP's pre-norm.</summary>
    internal Tensor Embed(Tensor x)
    {
        CheckInput(x);
        using var scope = NewDisposeScope();
        var patches = _patchEmbedding.call(x);
        bool coversPrefix = Architecture.PositionsCoverPrefix;
        if (_positions is not null && !coversPrefix)
            patches = patches.Plus(_positions);
        var prefix = new[] { _classToken, _distillationToken, _registerTokens }
            .Where(token => token is not null)
            .Select(token => token!.expand(x.size(0), -1, -1));
        var tokens = cat([.. prefix, patches], 1);
        if (_positions is not null && coversPrefix)
            tokens = tokens.Plus(_positions);
        return _embeddingDropout.Apply(tokens, training).MoveToOuterDisposeScope();
    }

    /// <summary>Images [N, C, H, W] to the input tokens of the first block.</summary>
    internal Tensor Enter(Tensor x)
    {
        using var scope = NewDisposeScope();
        var tokens = Embed(x);
        return (_preNorm is null ? tokens : _preNorm.call(tokens)).MoveToOuterDisposeScope();
    }

    /// <summary>Pools tokens [N, T, D] by a recipe: [N, D] or wider, or all tokens.</summary>
    private Tensor Pool(Tensor tokens, PoolingRecipe recipe)
    {
        if (recipe.KeepsAll)
            return tokens.alias();
        Tensor[] parts = [.. recipe.Parts.Select(part => Reduce(tokens, part))];
        return recipe.Together == PartsTogether.Averaged ? Mean(parts) : parts.Length == 1 ? parts[0] : cat([.. parts], 1);
    }

    private Tensor Reduce(Tensor tokens, TokenPart part) => part.Reduction switch
    {
        TokenReduction.None => tokens.select(1, part.First(Architecture)).contiguous(),
        TokenReduction.Mean => Selected(tokens, part).mean([1]),
        TokenReduction.Max => Selected(tokens, part).amax([1]),
        _ => _attentionPool!.call(Selected(tokens, part)),
    };

    /// <summary>The tokens of a part, to the end of the sequence.</summary>
    private Tensor Selected(Tensor tokens, TokenPart part) =>
        tokens.narrow(1, part.First(Architecture), tokens.size(1) - part.First(Architecture));

    /// <summary>The single tensor itself, or the mean of several.</summary>
    private static Tensor Mean(Tensor[] values) => values.Length == 1 ? values[0] : values.Aggregate((sum, next) => sum.Plus(next)).Times(1.0 / values.Length);

    /// <summary>Applies the final norm if it follows the pool; otherwise returns the input itself.</summary>
    private Tensor Norm(Tensor pooled) => _pooledNorm is null ? pooled : _pooledNorm.call(pooled);

    /// <summary>The layers between pool and head.</summary>
    private Tensor Finish(Tensor pooled)
    {
        var features = Norm(pooled);
        return _representation is null ? features : _representation.call(features);
    }

    private NormLayer NewNorm() => new(Architecture.EmbeddingDimension, Architecture.NormEpsilon);

    private LinearLayer? NewHead(bool exists) =>
        exists ? new LinearLayer(Architecture.FeatureDimension, Architecture.Classes, Architecture.HeadBias) : null;

    private TransformerBlock NewBlock(int index) =>
        new(Architecture, DropPath.RateOf(index, Architecture.Depth, Architecture.DropPathRate), _noise);

    /// <summary>Frees the weights.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _rotary?.Dispose();
        base.Dispose(disposing);
    }

    private void CheckInput(Tensor x)
    {
        Guard.NotNull(x);
        var (channels, size) = (Architecture.Channels, Architecture.ImageSize);
        if (x.dim() != 4 || x.size(1) != channels || x.size(2) != size.Height || x.size(3) != size.Width)
        {
            string found = string.Join(", ", x.shape);
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The input is [{found}]; the network takes [N, {channels}, {size.Height}, {size.Width}] (images, channels, height, width)."),
                nameof(x));
        }
    }
}

/// <summary>
/// A backward pass in chunks. TorchSharp has no hooks that report when a gradient is complete, so the forward pass is cut between blocks: the output of a
/// block enters the next one as a new leaf of the autograd graph, and the backward pass goes from leaf to leaf. The gradients are the same, bit for bit,
/// and after each chunk the gradients of its parameters are final.
/// </summary>
internal sealed class BackwardCuts : IDisposable
{
    private readonly List<(int Layer, Tensor End, Tensor Leaf)> _cuts = [];

    /// <summary>Cuts the graph after a layer.</summary>
    /// <param name="tokens">Output of the layer; ownership is taken if it requires a gradient.</param>
    /// <param name="layer">0 for the embeddings, i + 1 for block i.</param>
    /// <returns>Input of the next layer.</returns>
    internal Tensor Cut(Tensor tokens, int layer)
    {
        if (!tokens.requires_grad)
            return tokens;
        var end = tokens.DetachFromDisposeScope();
        var leaf = end.detach().requires_grad_(true).DetachFromDisposeScope();
        _cuts.Add((layer, end, leaf));
        return leaf;
    }

    /// <summary>Runs the backward pass.</summary>
    /// <param name="loss">The scalar to differentiate.</param>
    /// <param name="finished">
    /// Called with each layer once its gradients and those of all later layers are final, from the last cut layer + 1 down to 0.
    /// </param>
    internal void Backward(Tensor loss, Action<int> finished)
    {
        loss.backward();
        for (int i = _cuts.Count - 1; i >= 0; i--)
        {
            var (layer, end, leaf) = _cuts[i];
            finished(layer + 1);
            using var gradient = leaf.grad ?? throw new InvalidOperationException($"The loss does not depend on the output of layer {layer}.");
            autograd.backward(end, gradient);
        }

        finished(0);
    }

    public void Dispose()
    {
        foreach (var (_, end, leaf) in _cuts)
        {
            end.Dispose();
            leaf.Dispose();
        }
    }
}
