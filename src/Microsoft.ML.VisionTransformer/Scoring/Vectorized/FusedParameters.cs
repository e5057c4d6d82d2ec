// The parameters of a network whose matrices are packed.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Network;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Owns a network, of which it takes the matrices away one by one as they are packed: the weights exist once. What is left are the vectors, which are used where they lie, and
/// the modules behind the last block. <see cref="Restore()"/> makes an ordinary network of it all again.
/// </summary>
internal sealed unsafe class FusedParameters : IDisposable
{
    private const string FirstBlock = "blocks.0.";

    private readonly Dictionary<string, Tensor> _state;
    private readonly Dictionary<string, PackedMatrix> _packed = [];
    private readonly List<FloatBuffer> _joined = [];

    /// <summary>Takes over the network, which lies in main memory.</summary>
    internal FusedParameters(VisionTransformerNetwork network)
    {
        Network = network;
        _state = network.state_dict();
    }

    /// <summary>The network; its packed layers cannot be called any more.</summary>
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

    /// <summary>Where a vector lies; null where the network has none of that name.</summary>
    internal float* Vector(string name) => _state.TryGetValue(name, out var tensor) ? FloatBuffer.Address(tensor) : null;

    /// <summary>Where a norm lies; one that does not exist where the network has none of that name.</summary>
    internal NormWeights Norm(string name) => new(Vector($"{name}.weight"), Vector($"{name}.bias"), (float)Architecture.NormEpsilon);

    /// <summary>Vectors of one length in a row, zeros for those that the network does not have.</summary>
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

    /// <summary>The network's weights by name, those that are packed in their usual order, bit for bit. They can be opened for as long as this lives.</summary>
    internal Dictionary<string, NamedWeight> Weights() => _state.Keys.ToDictionary(
        name => name, name => _packed.TryGetValue(name, out var packed) ? new NamedWeight(name, packed.Shape, packed.Open) : NamedWeight.Of(name, _state[name]));

    /// <summary>A network of its own with these weights, bit for bit, in evaluation mode. The caller disposes it.</summary>
    internal VisionTransformerNetwork Restore() => Restore(Architecture, _ => true);

    /// <summary>
    /// The network to be run block by block, with weights of its own: those of one block, and of what stands before and behind the blocks. The packed weights are in an order that libtorch
    /// does not read. The caller disposes it.
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

    private VisionTransformerNetwork Restore(VisionTransformerArchitecture architecture, Predicate<string> isWanted)
    {
        using var mode = no_grad();
        var network = VisionTransformerNetwork.WithUnsetWeights(architecture);
        try
        {
            network.eval();
            foreach (var (name, tensor) in network.state_dict())
            {
                if (isWanted(name))
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

/// <summary>Sizes of an architecture, and those rounded up to whole tiles.</summary>
internal sealed class FusedShape(VisionTransformerArchitecture architecture)
{
    /// <summary>D.</summary>
    internal int Dimension { get; } = architecture.EmbeddingDimension;

    /// <summary>T.</summary>
    internal int Tokens { get; } = architecture.Tokens;

    /// <summary>Tokens in front of the patches.</summary>
    internal int PrefixTokens { get; } = architecture.PrefixTokens;

    internal int Heads { get; } = architecture.Heads;

    /// <summary>d = D / heads.</summary>
    internal int HeadWidth { get; } = architecture.EmbeddingDimension / architecture.Heads;

    /// <summary>Width of the MLP.</summary>
    internal int MlpWidth { get; } = architecture.MlpHiddenDimension;

    /// <summary>Numbers of an image.</summary>
    internal int ImageValues { get; } = architecture.Channels * architecture.ImageSize.Height * architecture.ImageSize.Width;

    /// <summary>Numbers of a patch.</summary>
    internal int PatchValues { get; } = architecture.Channels * architecture.PatchSize.Height * architecture.PatchSize.Width;

    internal int PaddedRows => MatrixTile.PaddedRows(Tokens);

    internal int PaddedTokens => MatrixTile.PaddedColumns(Tokens);

    internal int PaddedHeadWidth => MatrixTile.PaddedColumns(HeadWidth);

    /// <summary>Numbers of the widest row.</summary>
    internal int Widest => Math.Max(architecture.Mlp == MlpKind.SwiGlu ? 2 * MlpWidth : MlpWidth, PatchValues);

    /// <summary>Numbers of one head's packed keys and values.</summary>
    internal long PackedKeysAndValues => ((long)PaddedTokens * HeadWidth) + ((long)Tokens * PaddedHeadWidth);

    /// <summary>Whether the processor and the architecture are among those that the vector code is written for; the others run in libtorch.</summary>
    internal static bool Fits(VisionTransformerArchitecture architecture)
    {
        int dimension = architecture.EmbeddingDimension, hidden = architecture.MlpHiddenDimension, width = dimension / architecture.Heads;
        return MatrixTile.IsSupported && architecture is { Rotary: null, PatchNorm: false }
            && dimension % MatrixTile.Columns == 0 && hidden % MatrixTile.Columns == 0 && !(architecture.QkNorm && width % 8 != 0);
    }
}
