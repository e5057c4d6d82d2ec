// A network that is run block by block, of which no more than one block needs to be there at a time.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// What explanations run: the network itself, or one block in its place that gets the weights of each block when that is run. All of it runs on one thread; networks that are shared are not
/// changed.
/// </summary>
internal sealed class BlockwiseNetwork : IDisposable
{
    private readonly VisionTransformerNetwork _network;
    private readonly Action<int>? _fill;
    private int _filled = -1;

    private BlockwiseNetwork(VisionTransformerNetwork network, VisionTransformerArchitecture architecture, Action<int>? fill) =>
        (_network, Architecture, _fill) = (network, architecture, fill);

    /// <summary>The shape of the whole network.</summary>
    internal VisionTransformerArchitecture Architecture { get; }

    /// <summary>The network as it is, in evaluation mode; it stays the caller's.</summary>
    internal static BlockwiseNetwork Of(VisionTransformerNetwork network) => new(network, network.Architecture, fill: null);

    /// <summary>A network of one block that stands for all; it is taken over.</summary>
    /// <param name="network">Has everything before and behind the blocks.</param>
    /// <param name="architecture">The shape of the whole network.</param>
    /// <param name="fill">Gives its block the weights of the block of that number.</param>
    internal static BlockwiseNetwork Filled(VisionTransformerNetwork network, VisionTransformerArchitecture architecture, Action<int> fill) => new(network, architecture, fill);

    /// <summary>Images [N, C, H, W] to the tokens [N, T, D] that enter the first block.</summary>
    internal Tensor Enter(Tensor images) => _network.Enter(images);

    /// <inheritdoc cref="VisionTransformerNetwork.RunBlock"/>
    /// <remarks>A backward pass through the result has to be done before another block is run.</remarks>
    internal (Tensor Tokens, Tensor Weights) Run(int block, Tensor tokens)
    {
        if (_fill is null)
            return _network.RunBlock(block, tokens);
        if (_filled != block)
            _fill(block);
        _filled = block;
        return _network.RunBlock(0, tokens);
    }

    /// <inheritdoc cref="VisionTransformerNetwork.TraceEnd"/>
    internal TracedEnd End(Tensor last) => _network.TraceEnd(last);

    public void Dispose()
    {
        if (_fill is not null)
            _network.Dispose();
    }
}

/// <summary>What follows the blocks, for N images.</summary>
/// <param name="Pool">Attention weights of the attention pool over the tokens that it sees, [N, heads, 1, tokens]; null where the network has another pool.</param>
/// <param name="Tokens">What enters the pool, [N, T, D].</param>
/// <param name="Logits">[N, classes], the same as the network's own forward up to rounding.</param>
internal sealed record TracedEnd(Tensor? Pool, Tensor Tokens, Tensor Logits);
