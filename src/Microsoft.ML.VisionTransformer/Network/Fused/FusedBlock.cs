// One encoder block on packed weights.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// What a <see cref="TransformerBlock"/> does to rows of tokens in evaluation mode: all but the look at every key and value concerns one row alone, so that a few rows go
/// through it while they are in the cache.
/// </summary>
internal sealed unsafe class FusedBlock
{
    private readonly FusedShape _shape;
    private readonly MlpActivation? _activation;
    private readonly NormWeights _norm1, _norm2, _queryNorm, _keyNorm, _attentionNorm, _mlpNorm;
    private readonly PackedMatrix _qkv, _projection, _expand, _contract;
    private readonly float* _qkvBias, _projectionBias, _expandBias, _contractBias, _scale1, _scale2;

    internal FusedBlock(FusedShape shape, FusedParameters parameters, int index)
    {
        string name = FusedParameters.BlockName(index);
        _shape = shape;
        var architecture = parameters.Architecture;
        _activation = architecture.Mlp == MlpKind.SwiGlu ? null : architecture.Activation;
        _norm1 = parameters.Norm($"{name}.norm1");
        _norm2 = parameters.Norm($"{name}.norm2");
        _queryNorm = parameters.Norm($"{name}.attn.q_norm");
        _keyNorm = parameters.Norm($"{name}.attn.k_norm");
        _attentionNorm = parameters.Norm($"{name}.attn.norm");
        _mlpNorm = parameters.Norm($"{name}.mlp.norm");
        _scale1 = parameters.Vector($"{name}.ls1.gamma");
        _scale2 = parameters.Vector($"{name}.ls2.gamma");
        _qkvBias = parameters.Vector($"{name}.attn.q_bias") == null
            ? parameters.Vector($"{name}.attn.qkv.bias")
            : parameters.Join(shape.Dimension, $"{name}.attn.q_bias", "", $"{name}.attn.v_bias");
        _projectionBias = parameters.Vector($"{name}.attn.proj.bias");
        _expandBias = parameters.Vector($"{name}.mlp.fc1.bias");
        _contractBias = parameters.Vector($"{name}.mlp.fc2.bias");
        _qkv = parameters.Pack($"{name}.attn.qkv.weight");
        _projection = parameters.Pack($"{name}.attn.proj.weight");
        _expand = parameters.Pack($"{name}.mlp.fc1.weight");
        _contract = parameters.Pack($"{name}.mlp.fc2.weight");
    }

    /// <summary>Tokens [rows, D] to queries, keys and values [rows, 3 D].</summary>
    internal void Look(float* x, int rows, float* qkv, FusedScratch scratch)
    {
        int dimension = _shape.Dimension;
        VectorRows.Normalize(x, scratch.Normed, rows, dimension, _norm1);
        _qkv.Multiply(scratch.Normed, rows, _qkvBias, qkv, add: false);
        if (!_queryNorm.Exists)
            return;
        for (int row = 0; row < rows; row++, qkv += 3 * dimension)
        {
            NormalizeInPlace(qkv, _shape.Heads, _shape.HeadWidth, _queryNorm);
            NormalizeInPlace(qkv + dimension, _shape.Heads, _shape.HeadWidth, _keyNorm);
        }
    }

    /// <summary>Adds the first branch to tokens [rows, D], from what attention gives, <see cref="FusedScratch.Attended"/>.</summary>
    internal void Attend(float* x, int rows, FusedScratch scratch)
    {
        NormalizeInPlace(scratch.Attended, rows, _shape.Dimension, _attentionNorm);
        Add(_projection, scratch.Attended, _projectionBias, _scale1, x, rows, scratch);
    }

    /// <summary>Adds the second branch, the MLP, to tokens [rows, D].</summary>
    internal void Think(float* x, int rows, FusedScratch scratch)
    {
        VectorRows.Normalize(x, scratch.Normed, rows, _shape.Dimension, _norm2);
        _expand.Multiply(scratch.Normed, rows, _expandBias, scratch.Hidden, add: false, _activation);
        float* hidden = scratch.Hidden;
        if (_activation is null)
        {
            VectorActivations.SwiGlu(hidden, scratch.Gated, rows, _shape.MlpWidth);
            hidden = scratch.Gated;
        }

        NormalizeInPlace(hidden, rows, _shape.MlpWidth, _mlpNorm);
        Add(_contract, hidden, _contractBias, _scale2, x, rows, scratch);
    }

    /// <summary>x += gamma (a W^T + b); gamma null is 1.</summary>
    private void Add(PackedMatrix weight, float* a, float* bias, float* gamma, float* x, int rows, FusedScratch scratch)
    {
        if (gamma == null)
        {
            weight.Multiply(a, rows, bias, x, add: true);
            return;
        }

        int dimension = _shape.Dimension;
        weight.Multiply(a, rows, bias, scratch.Normed, add: false);
        for (int row = 0; row < rows; row++)
            VectorRows.AddScaled(x + ((nint)row * dimension), scratch.Normed + ((nint)row * dimension), gamma, dimension);
    }

    private static void NormalizeInPlace(float* x, int rows, int length, in NormWeights norm)
    {
        if (norm.Exists)
            VectorRows.Normalize(x, x, rows, length, norm);
    }
}
