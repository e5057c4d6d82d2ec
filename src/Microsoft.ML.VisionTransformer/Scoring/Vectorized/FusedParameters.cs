// The parameters of a network with packed matrices, and the sizes of its architecture.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Network;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Owns a network and frees each matrix as it is packed, so the weights exist only once. The vectors are used in place, and the modules after the last
/// block remain usable. <see cref="Restore()"/> builds an ordinary network again.
/// </summary>
internal sealed unsafe class FusedParameters : IDisposable
{
    private const string FirstBlock = "blocks.0.";

    private readonly Dictionary<string, Tensor> _state;
    private readonly Dictionary<string, PackedMatrix> _packed = [];
    private readonly List<FloatBuffer> _joined = [];

    /// <summary>Takes ownership of the network, which must be in main memory.</summary>
    internal FusedParameters(VisionTransformerNetwork network)
    {
        Network = network;
        _state = network.state_dict();
    }

    /// <summary>The network; its packed layers can no longer be called.</summary>
    internal VisionTransformerNetwork Network { get; }

    internal VisionTransformerArchitecture Architecture => Network.Architecture;

    internal static string BlockName(int index) => string.Create(CultureInfo.InvariantCulture, $"blocks.{index}");

    /// <summary>Packs a weight [outputs, ...] and frees the network's copy.</summary>
    internal PackedMatrix Pack(string name)
    {
        var weight = _state[name];
        var packed = new PackedMatrix(FloatBuffer.Address(weight), weight.shape);
        _packed.Add(name, packed);
        weight.Dispose();
        return packed;
    }

    /// <summary>Address of a vector; null if the network has none of that name.</summary>
    internal float* Vector(string name) => _state.TryGetValue(name, out var tensor) ? FloatBuffer.Address(tensor) : null;

    /// <summary>Addresses of a norm's weights; the result's Exists is false if the network has no norm of that name.</summary>
    internal NormWeights Norm(string name) => new(Vector($"{name}.weight"), Vector($"{name}.bias"), (float)Architecture.NormEpsilon);

    /// <summary>Concatenates vectors of equal length, with zeros for those that the network does not have.</summary>
    internal float* Join(int length, params ReadOnlySpan<string> names)
    {
        var buffer = new FloatBuffer((long)length * names.Length);
        _joined.Add(buffer);
        for (int i = 0; i < names.Length; i++)
        {
            float* vector = Vector(names[i]);
            if (vector != null)
                new ReadOnlySpan<float>(vector, length).CopyTo(new Span<float>(buffer.Start + ((nint)i * length), length));
        }

        return buffer.Start;
    }

    /// <summary>
    /// The network's weights by name, bit for bit; packed weights are returned in their original order. They can be opened until this is disposed.
    /// </summary>
    internal Dictionary<string, NamedWeight> Weights() => _state.Keys.ToDictionary(
        name => name,
        name => _packed.TryGetValue(name, out var packed) ? new NamedWeight(name, packed.Shape, packed.Open) : NamedWeight.Of(name, _state[name]));

    /// <summary>A new network with a copy of these weights, bit for bit, in evaluation mode. The caller disposes it.</summary>
    internal VisionTransformerNetwork Restore() => Restore(Architecture, _ => true);

    /// <summary>
    /// A network that runs block by block. It has its own copy of the weights of one block and of the layers before and after the blocks, because libtorch
    /// cannot read the packed order. The caller disposes it.
    /// </summary>
    internal BlockwiseNetwork RestoreByBlocks()
    {
        var network = Restore(Architecture with { Depth = 1 }, name => !name.StartsWith(FirstBlock, StringComparison.Ordinal));
        foreach (var parameter in network.parameters())
            parameter.requires_grad = false;
        var block = network.state_dict().Where(weight => weight.Key.StartsWith(FirstBlock, StringComparison.Ordinal)).ToArray();
        return BlockwiseNetwork.Filled(network, Architecture, index =>
        {
            foreach (var (name, tensor) in block)
                CopyTo(tensor, $"{BlockName(index)}.{name[FirstBlock.Length..]}");
        });
    }

    private VisionTransformerNetwork Restore(VisionTransformerArchitecture architecture, Predicate<string> isIncluded)
    {
        using var mode = no_grad();
        var network = VisionTransformerNetwork.WithUnsetWeights(architecture);
        try
        {
            network.eval();
            foreach (var (name, tensor) in network.state_dict())
            {
                if (isIncluded(name))
                    CopyTo(tensor, name);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private void CopyTo(Tensor tensor, string name)
    {
        if (_packed.TryGetValue(name, out var packed))
            packed.Unpack(FloatBuffer.Address(tensor));
        else
            _state[name].bytes.CopyTo(tensor.bytes);
    }

    public void Dispose()
    {
        foreach (var packed in _packed.Values)
            packed.Dispose();
        foreach (var buffer in _joined)
            buffer.Dispose();
        Network.Dispose();
    }
}

/// <summary>The sizes of an architecture, and the same sizes rounded up to whole tiles.</summary>
internal sealed class FusedShape(VisionTransformerArchitecture architecture)
{
    /// <summary>D.</summary>
    internal int Dimension { get; } = architecture.EmbeddingDimension;

    /// <summary>T.</summary>
    internal int Tokens { get; } = architecture.Tokens;

    /// <summary>Tokens before the patches.</summary>
    internal int PrefixTokens { get; } = architecture.PrefixTokens;

    internal int Heads { get; } = architecture.Heads;

    /// <summary>d = D / heads.</summary>
    internal int HeadWidth { get; } = architecture.EmbeddingDimension / architecture.Heads;

    /// <summary>Hidden width of the MLP.</summary>
    internal int MlpWidth { get; } = architecture.MlpHiddenDimension;

    /// <summary>Values per image.</summary>
    internal int ImageValues { get; } = architecture.Channels * architecture.ImageSize.Height * architecture.ImageSize.Width;

    /// <summary>Values per patch.</summary>
    internal int PatchValues { get; } = architecture.Channels * architecture.PatchSize.Height * architecture.PatchSize.Width;

    internal int PaddedRows => MatrixTile.PaddedRows(Tokens);

    internal int PaddedTokens => MatrixTile.PaddedColumns(Tokens);

    internal int PaddedHeadWidth => MatrixTile.PaddedColumns(HeadWidth);

    /// <summary>Values of the widest row.</summary>
    internal int Widest => Math.Max(architecture.Mlp == MlpKind.SwiGlu ? 2 * MlpWidth : MlpWidth, PatchValues);

    /// <summary>Values of one head's packed keys and values.</summary>
    internal long PackedKeysAndValues => ((long)PaddedTokens * HeadWidth) + ((long)Tokens * PaddedHeadWidth);

    /// <summary>Whether the vectorized code supports the processor and the architecture; otherwise the network runs in libtorch.</summary>
    internal static bool Fits(VisionTransformerArchitecture architecture)
    {
        int dimension = architecture.EmbeddingDimension, hidden = architecture.MlpHiddenDimension, width = dimension / architecture.Heads;
        return MatrixTile.IsSupported && architecture is { Rotary: null, PatchNorm: false }
            && dimension % MatrixTile.Columns == 0 && hidden % MatrixTile.Columns == 0 && !(architecture.QkNorm && width % 8 != 0);
    }
}
