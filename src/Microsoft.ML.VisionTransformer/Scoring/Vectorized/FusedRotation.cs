// Rotary position embedding of queries and keys, in place.
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Rotates each pair (a, b) of a head's values by the angle of the token's position: (a cos - b sin, b cos + a sin) (arXiv:2104.09864). The two values of a
/// pair are adjacent, or half a head apart. Tokens before the patches are not rotated.
/// </summary>
internal sealed unsafe class FusedRotation
{
    private readonly float[] _cosines, _sines;
    private readonly int _prefix, _heads, _width, _dimension;
    private readonly bool _halves;

    private FusedRotation(VisionTransformerArchitecture architecture, RotaryEmbedding rotary)
    {
        _dimension = architecture.EmbeddingDimension;
        _heads = architecture.Heads;
        _width = _dimension / _heads;
        _prefix = architecture.PrefixTokens;
        _halves = rotary.Layout == RotaryLayout.Dinov3;
        float[] angles = RotaryAngles.Of(rotary, architecture.Grid, _width);
        _cosines = [.. angles.Select(MathF.Cos)];
        _sines = [.. angles.Select(MathF.Sin)];
    }

    /// <summary>The rotation of a network; null without rotary positions.</summary>
    internal static FusedRotation? Of(VisionTransformerArchitecture architecture) =>
        architecture.Rotary is { } rotary ? new FusedRotation(architecture, rotary) : null;

    /// <summary>Rotates the queries and keys of the tokens from first to end.</summary>
    /// <param name="qkv">Queries, keys and values, [T, 3 D].</param>
    /// <param name="first">The first token.</param>
    /// <param name="end">The token after the last.</param>
    internal void Rotate(FusedRows qkv, int first, int end)
    {
        int pairs = _width / 2;
        fixed (float* cosines = _cosines, sines = _sines)
        {
            for (int token = Math.Max(first, _prefix); token < end; token++)
            {
                nint angle = (nint)(token - _prefix) * pairs;
                float* row = qkv.Row(token);
                for (int head = 0; head < 2 * _heads; head++)    // queries, then keys
                    Rotate(row + (head < _heads ? 0 : _dimension) + (head % _heads * _width), cosines + angle, sines + angle, pairs);
            }
        }
    }

    private void Rotate(float* x, float* cosines, float* sines, int pairs)
    {
        int step = _halves ? 1 : 2, apart = _halves ? pairs : 1;
        for (int i = 0; i < pairs; i++, x += step)
        {
            float a = x[0], b = x[apart];
            x[0] = (a * cosines[i]) - (b * sines[i]);
            x[apart] = (b * cosines[i]) + (a * sines[i]);
        }
    }
}
