// A network that runs block by block and needs the weights of only one block in memory at a time.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// The form of a network that explanations run: the network itself, or a network with a single block that is filled with the weights of the block to run.
/// It is for one thread; a shared network is not changed.
/// </summary>
internal sealed class BlockwiseNetwork : IDisposable
{
    private const string FirstBlock = "blocks.0.";

    private readonly VisionTransformerNetwork _network;
    private readonly Action<int>? _fill;
    private int _filled = -1;

    private BlockwiseNetwork(VisionTransformerNetwork network, VisionTransformerArchitecture architecture, Action<int>? fill) =>
        (_network, Architecture, _fill) = (network, architecture, fill);

    /// <summary>The architecture of the whole network.</summary>
    internal VisionTransformerArchitecture Architecture { get; }

    /// <summary>Wraps a complete network in evaluation mode; the caller keeps ownership.</summary>
    internal static BlockwiseNetwork Of(VisionTransformerNetwork network) => new(network, network.Architecture, fill: null);

    /// <summary>
    /// A network that holds a copy of the layers before and after the blocks, and of one block, which is filled with the weights of the block to run. The
    /// caller disposes it.
    /// </summary>
    /// <param name="architecture">The architecture of the whole network.</param>
    /// <param name="weights">All weights by name; they must live at least as long.</param>
    internal static BlockwiseNetwork Of(VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, NamedWeight> weights)
    {
        var network = VisionTransformerNetwork.WithUnsetWeights(architecture with { Depth = 1 });
        try
        {
            network.eval();
            foreach (var parameter in network.parameters())
                parameter.requires_grad = false;
            network.Fill(name => name.StartsWith(FirstBlock, StringComparison.Ordinal) ? null : weights[name]);
            return new BlockwiseNetwork(network, architecture, block => network.Fill(name =>
                name.StartsWith(FirstBlock, StringComparison.Ordinal)
                    ? weights[string.Create(CultureInfo.InvariantCulture, $"blocks.{block}.{name.AsSpan(FirstBlock.Length)}")]
                    : null));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Images [N, C, H, W] to the tokens [N, T, D] that enter the first block.</summary>
    internal Tensor Enter(Tensor images) => _network.Enter(images);

    /// <inheritdoc cref="VisionTransformerNetwork.RunBlock"/>
    /// <remarks>Run a backward pass through the result before running another block.</remarks>
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

/// <summary>The results after the last block, for N images.</summary>
/// <param name="Pool">Weights of the attention pool over the tokens that it reads, [N, heads, 1, tokens]; null for other kinds of pooling.</param>
/// <param name="Tokens">The input of the pool, [N, T, D].</param>
/// <param name="Logits">[N, classes], equal to the network's own forward pass up to rounding.</param>
internal sealed record TracedEnd(Tensor? Pool, Tensor Tokens, Tensor Logits);
