// One encoder block with packed weights.

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>The evaluation-mode forward pass of a <c>TransformerBlock</c> for one image, split into steps of the image's job.</summary>
internal sealed unsafe class FusedBlock
{
    private readonly FusedShape _shape;
    private readonly FusedAttention _attention;
    private readonly FusedRotation? _rotation;
    private readonly MlpActivation? _activation;
    private readonly NormWeights _norm1, _norm2, _queryNorm, _keyNorm, _attentionNorm, _mlpNorm;
    private readonly PackedMatrix _qkv, _projection, _expand, _contract;
    private readonly float* _qkvBias, _projectionBias, _expandBias, _contractBias, _scale1, _scale2;

    internal FusedBlock(FusedShape shape, FusedAttention attention, FusedRotation? rotation, FusedParameters parameters, int index)
    {
        string name = FusedParameters.BlockName(index);
        _shape = shape;
        _attention = attention;
        _rotation = rotation;
        var architecture = parameters.Architecture;
        _activation = architecture.Mlp == MlpKind.SwiGlu ? null : architecture.Activation;
        _norm1 = parameters.Norm($"{name}.norm1");
        _norm2 = parameters.Norm($"{name}.norm2");
        _queryNorm = parameters.Norm($"{name}.attn.q_norm");
        _keyNorm = parameters.Norm($"{name}.attn.k_norm");
        _attentionNorm = parameters.Norm($"{name}.attn.norm");
        _mlpNorm = parameters.Norm($"{name}.mlp.norm");
        _scale1 = parameters.Padded($"{name}.ls1.gamma", shape.Dimension);
        _scale2 = parameters.Padded($"{name}.ls2.gamma", shape.Dimension);
        _qkvBias = parameters.Vector($"{name}.attn.q_bias") == null
            ? parameters.Padded($"{name}.attn.qkv.bias", 3 * shape.Dimension)
            : parameters.Join(shape.Dimension, $"{name}.attn.q_bias", "", $"{name}.attn.v_bias");
        _projectionBias = parameters.Padded($"{name}.attn.proj.bias", shape.Dimension);
        _expandBias = parameters.Padded($"{name}.mlp.fc1.bias", architecture.Mlp == MlpKind.SwiGlu ? 2 * shape.MlpWidth : shape.MlpWidth);
        _contractBias = parameters.Padded($"{name}.mlp.fc2.bias", shape.Dimension);
        _qkv = parameters.Pack($"{name}.attn.qkv.weight");
        _projection = parameters.Pack($"{name}.attn.proj.weight");
        _expand = parameters.Pack($"{name}.mlp.fc1.weight");
        _contract = parameters.Pack($"{name}.mlp.fc2.weight");
    }

    /// <summary>Adds the attention branch to the tokens.</summary>
    /// <param name="image">The image.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="bias">Added to the scores of each key; null for none.</param>
    internal void Attend(FusedImage image, int tokens, float* bias)
    {
        var memory = image.Memory;
        image.Normalize(memory.Tokens, memory.Normed, tokens, _shape.Dimension, _norm1);
        image.Multiply(_qkv, memory.Normed, tokens, _qkvBias, memory.Qkv, add: false);
        if (_queryNorm.Exists)
            image.ForRows(tokens, NormalizeHeads);
        if (_rotation is { } rotation)
            image.ForRows(tokens, (first, end) => rotation.Rotate(memory.Qkv, first, Math.Min(end, tokens)));
        image.Run(2 * _shape.Heads, (unit, _) =>
        {
            int head = unit / 2;
            if (unit % 2 == 0)
                _attention.PackKeys(memory.Qkv.Start, tokens, head, memory.Packed(head));
            else
                _attention.PackValues(memory.Qkv.Start, tokens, head, memory.Packed(head));
        });
        int groups = (tokens + FusedAttention.Queries - 1) / FusedAttention.Queries;
        image.Run(_shape.Heads * groups, (unit, scratch) =>
        {
            int head = unit / groups, query = unit % groups * FusedAttention.Queries;
            _attention.Mix(
                memory.Qkv.Row(query), Math.Min(FusedAttention.Queries, tokens - query), head, tokens, memory.Packed(head), bias,
                new FusedRows(memory.Normed.Row(query), memory.Normed.Stride), scratch);
        });
        if (_attentionNorm.Exists)
            image.Normalize(memory.Normed, memory.Normed, tokens, _shape.Dimension, _attentionNorm);
        image.Add(_projection, memory.Normed, tokens, _projectionBias, _scale1, memory.Tokens, memory.Wide);

        void NormalizeHeads(int first, int end)
        {
            for (int row = first; row < end; row++)
            {
                var queries = new FusedRows(memory.Qkv.Row(row), _shape.HeadWidth);
                var keys = new FusedRows(queries.Start + _shape.Dimension, _shape.HeadWidth);
                VectorRows.Normalize(queries, queries, 0, _shape.Heads, _shape.HeadWidth, _queryNorm);
                VectorRows.Normalize(keys, keys, 0, _shape.Heads, _shape.HeadWidth, _keyNorm);
            }
        }
    }

    /// <summary>Adds the MLP branch to the tokens.</summary>
    internal void Mlp(FusedImage image, int tokens)
    {
        var memory = image.Memory;
        image.Normalize(memory.Tokens, memory.Normed, tokens, _shape.Dimension, _norm2);
        image.Multiply(_expand, memory.Normed, tokens, _expandBias, memory.Wide, add: false, _activation);
        if (_activation is null)
        {
            image.ForRows(tokens, (first, end) =>
            {
                for (int row = first; row < end; row++)
                    VectorActivations.SwiGlu(memory.Wide.Row(row), _shape.MlpWidth);
            });
        }

        if (_mlpNorm.Exists)
            image.Normalize(memory.Wide, memory.Wide, tokens, _shape.MlpWidth, _mlpNorm);
        image.Add(_contract, memory.Wide, tokens, _contractBias, _scale2, memory.Tokens, memory.Normed);
    }
}
