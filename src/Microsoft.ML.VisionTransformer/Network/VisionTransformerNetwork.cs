// The Vision Transformer as a TorchSharp module.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// A Vision Transformer ("An Image is Worth 16x16 Words", arXiv:2010.11929): images [N, C, H, W] to logits [N, classes], or to features
/// [N, D] where the architecture has 0 classes. Keys and shapes of the state dictionary are those of timm's <c>VisionTransformer</c>, and so are
/// the numbers.
/// </summary>
/// <remarks>
/// Random numbers, for the first weights as for dropout, come from seeded streams of the network's own and never from torch's global
/// generator. A network may run forward on several threads at once in evaluation mode; in training mode on one.
/// </remarks>
public sealed class VisionTransformerNetwork : nn.Module<Tensor, Tensor>
{
    private const long NoisePurpose = 1;

    [ComponentName(Name = "cls_token")] private readonly Parameter _classToken;
    [ComponentName(Name = "pos_embed")] private readonly Tensor? _positions;
    [ComponentName(Name = "patch_embed")] private readonly PatchEmbedding _patchEmbedding;
    [ComponentName(Name = "blocks")] private readonly ModuleList<TransformerBlock> _blocks;
    [ComponentName(Name = "norm")] private readonly NormLayer? _norm;
    [ComponentName(Name = "fc_norm")] private readonly NormLayer? _pooledNorm;
    [ComponentName(Name = "head")] private readonly LinearLayer? _head;
    private readonly NoiseSource _noise;
    private readonly SeededDropout _embeddingDropout;

    /// <summary>A network with fresh weights, in training mode.</summary>
    /// <param name="architecture">Its shape.</param>
    /// <param name="seed">Names the random numbers of the first weights and of dropout: the same seed gives the same network.</param>
    /// <exception cref="ArgumentException">No network can be built from the architecture; the message says why.</exception>
    public VisionTransformerNetwork(VisionTransformerArchitecture architecture, int seed = 0)
        : this(architecture, seed, drawWeights: true)
    {
    }

    private VisionTransformerNetwork(VisionTransformerArchitecture architecture, int seed, bool drawWeights)
        : base(nameof(VisionTransformerNetwork))
    {
        Architecture = architecture.Check();
        _noise = new NoiseSource(RandomStream.For(seed, NoisePurpose));
        int dimension = architecture.EmbeddingDimension;
        _classToken = UnsetParameter.Of(1, 1, dimension);
        _positions = architecture.PositionEmbedding switch
        {
            PositionEmbedding.Learned => UnsetParameter.Of(1, architecture.Tokens, dimension),
            PositionEmbedding.SinCos2D => SinCosPositions.Table(architecture.Grid, dimension),
            _ => null,
        };
        _patchEmbedding = new PatchEmbedding(architecture);
        _embeddingDropout = new SeededDropout(architecture.EmbeddingDropoutRate, _noise);
        _blocks = new ModuleList<TransformerBlock>([.. Enumerable.Range(0, architecture.Depth).Select(NewBlock)]);
        bool averages = architecture.Pooling == TokenPooling.Average;
        _norm = averages ? null : new NormLayer(dimension, architecture.NormEpsilon);
        _pooledNorm = averages ? new NormLayer(dimension, architecture.NormEpsilon) : null;
        _head = architecture.Classes > 0 ? new LinearLayer(dimension, architecture.Classes) : null;
        RegisterComponents();
        if (drawWeights)
            WeightDrawing.Draw(architecture, named_parameters().ToDictionary(p => p.name, p => p.parameter), seed);
    }

    /// <summary>The shape of the network.</summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <summary>A network whose weights are undefined until all of them are loaded; saves drawing them first.</summary>
    internal static VisionTransformerNetwork WithUnsetWeights(VisionTransformerArchitecture architecture, int seed = 0) =>
        new(architecture, seed, drawWeights: false);

    /// <summary>Images [N, C, H, W] to logits [N, classes], or to features [N, D] where there is no head.</summary>
    /// <exception cref="ArgumentException">The input has another shape than the architecture's.</exception>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return ForwardHead(ForwardFeatures(x)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Images [N, C, H, W] to tokens [N, T, D], the class token first, then patches row by row. They have passed the final norm where the class
    /// token is pooled; with <see cref="TokenPooling.Average"/> the norm follows the pool (timm's <c>fc_norm</c>) and the tokens are not normed.
    /// </summary>
    /// <exception cref="ArgumentException">The input has another shape than the architecture's.</exception>
    public Tensor ForwardFeatures(Tensor x) => ForwardFeatures(x, attentionMask: null);

    /// <summary>As <see cref="ForwardFeatures(Tensor)"/>, with a mask added to the attention scores of all blocks; it broadcasts to [N, heads, T, T].</summary>
    internal Tensor ForwardFeatures(Tensor x, Tensor? attentionMask)
    {
        using var scope = NewDisposeScope();
        var tokens = Embed(x);
        foreach (var block in _blocks)
        {
            var next = block.call(tokens, attentionMask);
            // Held until the scope ends, the tokens of all blocks would add up.
            tokens.Dispose();
            tokens = next;
        }

        return (_norm is null ? tokens : _norm.call(tokens)).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens [N, T, D] of <see cref="ForwardFeatures(Tensor)"/> to logits [N, classes].</summary>
    /// <param name="tokens">What <see cref="ForwardFeatures(Tensor)"/> gave.</param>
    /// <param name="preLogits">True stops before the head: the pooled features [N, D]. Default false. A network without a head always stops there.</param>
    public Tensor ForwardHead(Tensor tokens, bool preLogits = false)
    {
        Guard.NotNull(tokens);
        using var scope = NewDisposeScope();
        var pooled = _pooledNorm is null
            ? tokens.select(1, 0).contiguous()
            : _pooledNorm.call(tokens.narrow(1, 1, tokens.size(1) - 1).mean([1]));
        return (preLogits || _head is null ? pooled : _head.call(pooled)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The attention weights of each block for images [N, C, H, W]: after the softmax and before dropout, [N, heads, T, T], one row a query, rows
    /// sum to 1. The caller disposes them.
    /// </summary>
    internal IReadOnlyList<Tensor> AttentionWeights(Tensor x)
    {
        using var scope = NewDisposeScope();
        var tokens = Embed(x);
        var all = new List<Tensor>(_blocks.Count);
        foreach (var block in _blocks)
        {
            var (next, weights) = block.ForwardWithWeights(tokens, mask: null);
            tokens.Dispose();
            tokens = next;
            all.Add(weights);
        }

        scope.MoveToOuter(all);
        return all;
    }

    /// <summary>
    /// Names the stream that the masks of all following forwards in training mode are drawn from, such as one for each step: a step can then be
    /// repeated. Until the first call the stream comes from the seed.
    /// </summary>
    internal void UseNoise(RandomStream stream) => _noise.Stream = Guard.NotNull(stream);

    /// <summary>Images [N, C, H, W] to the tokens [N, T, D] that enter the first block: class token and patches, positions added.</summary>
    internal Tensor Embed(Tensor x)
    {
        CheckInput(x);
        using var scope = NewDisposeScope();
        var tokens = cat([_classToken.expand(x.size(0), -1, -1), _patchEmbedding.call(x)], 1);
        if (_positions is not null)
            tokens = tokens.Plus(_positions);
        return _embeddingDropout.Apply(tokens, training).MoveToOuterDisposeScope();
    }

    private TransformerBlock NewBlock(int index) =>
        new(Architecture, DropPath.RateOf(index, Architecture.Depth, Architecture.DropPathRate), _noise);

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
