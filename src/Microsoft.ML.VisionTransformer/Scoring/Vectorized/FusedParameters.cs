// The parameters of a network with packed matrices, and the sizes of its architecture.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>Owns the weights of a network and frees each matrix as it is packed, so they exist only once. Vectors and small matrices are used in place.</summary>
internal sealed unsafe class FusedParameters : IDisposable
{
    private readonly NetworkWeights _weights;
    private readonly Dictionary<string, PackedMatrix> _packed = new(StringComparer.Ordinal);
    private readonly List<FloatBuffer> _joined = [];

    /// <summary>Takes ownership of the weights.</summary>
    internal FusedParameters(NetworkWeights weights) => _weights = weights;

    internal VisionTransformerArchitecture Architecture => _weights.Architecture;

    internal static string BlockName(int index) => string.Create(CultureInfo.InvariantCulture, $"blocks.{index}");

    /// <summary>Packs a weight [outputs, ...] and frees the array.</summary>
    internal PackedMatrix Pack(string name)
    {
        var weight = _weights[name];
        var packed = new PackedMatrix(weight.Start, weight.Shape);
        _packed.Add(name, packed);
        _weights.Free(name);
        return packed;
    }

    /// <summary>Address of a vector; null if the network has none of that name.</summary>
    internal float* Vector(string name)
    {
        var array = _weights.Find(name);
        return array is null ? null : array.Start;
    }

    /// <summary>Address of a vector of that length, padded with zeros to whole panels of a product's outputs; null if the network has none of that name.</summary>
    internal float* Padded(string name, int length) => Vector(name) == null || length % MatrixTile.Columns == 0 ? Vector(name) : Join(length, name);

    /// <summary>Addresses of a norm's weights; the result's Exists is false if the network has no norm of that name.</summary>
    internal NormWeights Norm(string name) => new(Vector($"{name}.weight"), Vector($"{name}.bias"), (float)Architecture.NormEpsilon);

    /// <summary>Addresses of a linear layer that is used in place; the result's Exists is false if the network has no layer of that name.</summary>
    internal LinearWeights Linear(string name)
    {
        var weight = _weights.Find($"{name}.weight");
        return weight is null ? default : new(weight.Start, Vector($"{name}.bias"), (int)weight.Shape[0], (int)weight.Shape[1]);
    }

    /// <summary>Concatenates vectors of equal length, with zeros for those that the network does not have, and pads the result with zeros to whole panels.</summary>
    internal float* Join(int length, params ReadOnlySpan<string> names)
    {
        var buffer = new FloatBuffer(MatrixTile.PaddedColumns(length * names.Length));
        _joined.Add(buffer);
        for (int i = 0; i < names.Length; i++)
        {
            float* vector = Vector(names[i]);
            if (vector != null)
                new ReadOnlySpan<float>(vector, length).CopyTo(new Span<float>(buffer.Start + ((nint)i * length), length));
        }

        return buffer.Start;
    }

    /// <summary>Creates the int8 weights of the linear layers of the blocks; the first and the last layers of the network stay in float32.</summary>
    internal void Quantize()
    {
        foreach (var (name, packed) in _packed)
        {
            if (Int8Weights.Include(name, packed.Shape))
                packed.Quantize();
        }
    }

    /// <summary>
    /// The network's weights by name, bit for bit; packed weights are returned in their original order. They can be opened until this is disposed.
    /// </summary>
    internal Dictionary<string, NamedWeight> Weights()
    {
        var weights = _weights.ByName();
        foreach (var (name, packed) in _packed)
            weights.Add(name, new NamedWeight(name, packed.Shape, packed.Open));
        return weights;
    }

    public void Dispose()
    {
        foreach (var packed in _packed.Values)
            packed.Dispose();
        foreach (var buffer in _joined)
            buffer.Dispose();
        _weights.Dispose();
    }
}

/// <summary>Addresses of the weight [outputs, inputs], row-major, and the bias of a linear layer.</summary>
internal readonly unsafe struct LinearWeights(float* weight, float* bias, int outputs, int inputs)
{
    internal int Outputs { get; } = outputs;

    internal int Inputs { get; } = inputs;

    /// <summary>Whether the network has this layer.</summary>
    internal bool Exists => weight != null;

    /// <summary>The layer that computes some of the outputs.</summary>
    internal LinearWeights Rows(int first, int count) => new(weight + ((nint)first * Inputs), bias == null ? null : bias + first, count, Inputs);

    /// <summary>y = x W^T + b for one row.</summary>
    internal void Apply(float* x, float* y)
    {
        for (int i = 0; i < Outputs; i++)
            y[i] = VectorRows.Dot(x, weight + ((nint)i * Inputs), Inputs) + (bias == null ? 0 : bias[i]);
    }
}

/// <summary>The sizes of an architecture, and the same sizes rounded up to whole tiles.</summary>
internal sealed class FusedShape(VisionTransformerArchitecture architecture)
{
    /// <summary>D.</summary>
    internal int Dimension { get; } = architecture.EmbeddingDimension;

    /// <summary>D in whole panels: the offset between the rows of tokens.</summary>
    internal int PaddedDimension { get; } = MatrixTile.PaddedColumns(architecture.EmbeddingDimension);

    /// <summary>3 D in whole panels: the offset between the rows of queries, keys and values.</summary>
    internal int QkvStride { get; } = MatrixTile.PaddedColumns(3 * architecture.EmbeddingDimension);

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
    internal int ImageValues { get; } = architecture.ImageValues;

    /// <summary>Values per patch.</summary>
    internal int PatchValues { get; } = architecture.Channels * architecture.PatchSize.Height * architecture.PatchSize.Width;

    internal int PaddedRows => MatrixTile.PaddedRows(Tokens);

    internal int PaddedTokens => MatrixTile.PaddedColumns(Tokens);

    internal int PaddedHeadWidth => MatrixTile.PaddedColumns(HeadWidth);

    /// <summary>Values of the widest row.</summary>
    internal int Widest => Math.Max(MatrixTile.PaddedColumns(architecture.Mlp == MlpKind.SwiGlu ? 2 * MlpWidth : MlpWidth), Math.Max(PatchValues, PaddedDimension));

    /// <summary>Values of one head's packed keys and values.</summary>
    internal long PackedKeysAndValues => ((long)PaddedTokens * HeadWidth) + ((long)Tokens * PaddedHeadWidth);
}
