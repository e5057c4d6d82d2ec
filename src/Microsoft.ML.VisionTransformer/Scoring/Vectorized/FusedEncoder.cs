// The encoder of a network, from images to tokens, in our own vectorized CPU code.
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Computes what <c>VisionTransformerNetwork.ForwardFeatures</c> does, including the final norm, in float32. The result for an
/// image does not depend on the other images of the batch or on the number of threads. Several threads may call it at once; they share the weights
/// and the processors.
/// </summary>
internal sealed unsafe class FusedEncoder : IDisposable
{
    /// <summary>Multiplications in one block that justify starting another thread.</summary>
    private const long WorkPerThread = 2_000_000;

    /// <summary>Units of a matrix product per thread. More units shorten the wait for the slowest thread at the end.</summary>
    private const int UnitsPerThread = 4;

    private readonly FusedParameters _parameters;
    private readonly FusedShape _shape;
    private readonly FusedEmbedding _embedding;
    private readonly FusedBlock[] _blocks;
    private readonly NormWeights _norm;
    private readonly FusedMemory _memory;
    private int _callers;

    /// <summary>Takes ownership of the weights of a supported architecture; on failure they are disposed.</summary>
    internal FusedEncoder(NetworkWeights weights)
    {
        _parameters = new FusedParameters(weights);
        try
        {
            _shape = new FusedShape(weights.Architecture);
            _memory = new FusedMemory(_shape);
            _embedding = new FusedEmbedding(_shape, _parameters);
            var attention = new FusedAttention(_shape);
            var rotation = FusedRotation.Of(weights.Architecture);
            _norm = _parameters.Norm("norm");
            Head = new FusedHead(_parameters);
            _blocks = [.. Enumerable.Range(0, weights.Architecture.Depth).Select(i => new FusedBlock(_shape, attention, rotation, _parameters, i))];
        }
        catch
        {
            _memory?.Dispose();
            _parameters.Dispose();
            throw;
        }
    }

    internal VisionTransformerArchitecture Architecture => _parameters.Architecture;

    /// <summary>The layers after the encoder.</summary>
    internal FusedHead Head { get; }

    /// <inheritdoc cref="FusedParameters.Weights"/>
    internal Dictionary<string, NamedWeight> Weights() => _parameters.Weights();

    /// <summary>Creates the int8 weights. Not thread-safe, but passes in float32 may be in progress.</summary>
    internal void Quantize() => _parameters.Quantize();

    /// <summary>Images [count, C, H, W] to the first tokens [count, kept, D], after the final norm unless the norm follows the pool.</summary>
    /// <param name="images">At least <paramref name="count"/> images.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="kept">Number of tokens to return per image.</param>
    /// <param name="tokens">Receives the tokens.</param>
    /// <param name="merged">
    /// Pairs of tokens that each block merges into one. In the output, a merged token appears at the position of each of its parts.
    /// </param>
    /// <param name="int8">Whether the blocks' matrix products are computed in int8; <see cref="Quantize"/> was called.</param>
    internal void Encode(ReadOnlySpan<float> images, int count, int kept, float* tokens, int merged = 0, bool int8 = false)
    {
        int threads = Math.Max(1, Environment.ProcessorCount / Interlocked.Increment(ref _callers));
        try
        {
            fixed (float* start = images)
            {
                float* first = start;
                var workers = new FusedThreads(threads, count, MaxThreadsPerImage());
                workers.ForEachImage(_memory, (image, job, scratch) =>
                {
                    var memory = _memory.TakeWorkspace();
                    try
                    {
                        var steps = new FusedImage(memory, job, scratch, threads == 1 ? 1 : threads * UnitsPerThread, int8);
                        EncodeImage(first + ((nint)image * _shape.ImageValues), steps, merged);
                        Keep(memory, kept, merged > 0, tokens + ((nint)image * kept * _shape.Dimension));
                    }
                    finally
                    {
                        _memory.Return(memory);
                    }
                });
            }
        }
        finally
        {
            Interlocked.Decrement(ref _callers);
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _parameters.Dispose();
    }

    /// <summary>How many threads can usefully work on one image.</summary>
    private int MaxThreadsPerImage()
    {
        long work = 12L * _shape.Tokens * _shape.Dimension * _shape.Dimension;
        return (int)Math.Clamp(work / WorkPerThread, 1, _shape.PaddedRows / MatrixTile.Rows);
    }

    private void EncodeImage(float* pixels, FusedImage image, int merged)
    {
        _embedding.Embed(pixels, image);
        int tokens = _shape.Tokens;
        if (merged > 0)
            image.Memory.Merger.Reset();
        foreach (var block in _blocks)
        {
            block.Attend(image, tokens, merged == 0 ? null : image.Memory.Merger.LogSizes);
            if (merged > 0)
                tokens = image.Memory.Merger.Merge(image.Memory.Tokens.Start, image.Memory.Qkv.Start, tokens, merged);
            block.Mlp(image, tokens);
        }
    }

    /// <summary>Copies the first tokens to the output, with the final norm applied.</summary>
    private void Keep(FusedWorkspace memory, int kept, bool merged, float* to)
    {
        for (int token = 0; token < kept; token++, to += _shape.Dimension)
        {
            int position = merged ? memory.Merger.Position(token) : token;
            if (_norm.Exists)
                VectorRows.Normalize(memory.Tokens.Row(position), to, _shape.Dimension, _norm);
            else
                VectorRows.Copy(memory.Tokens.Row(position), to, _shape.Dimension);
        }
    }
}
