// A network's way from images to tokens in vector code of our own, on one processor's cores.
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Computes what <see cref="VisionTransformerNetwork.ForwardFeatures(TorchSharp.torch.Tensor)"/> does, final norm included, in float32. An image's numbers do not depend on the images beside it, nor on
/// the number of threads. Several threads may call it at once: they share the weights, and the processors.
/// </summary>
internal sealed unsafe class FusedEncoder : IDisposable
{
    /// <summary>Multiplications in one block for which a further thread is worth its start.</summary>
    private const long WorkOfAThread = 2_000_000;

    /// <summary>Units of a product for each thread: the more, the shorter is the wait for the slowest at its end.</summary>
    private const int UnitsOfAThread = 4;

    private readonly FusedParameters _parameters;
    private readonly FusedShape _shape;
    private readonly FusedEmbedding _embedding;
    private readonly FusedBlock[] _blocks;
    private readonly NormWeights _norm;
    private readonly FusedMemory _memory;
    private int _callers;

    /// <summary>Takes over a network that lies in main memory and fits; where that fails the network is disposed.</summary>
    internal FusedEncoder(VisionTransformerNetwork network)
    {
        _parameters = new FusedParameters(network);
        try
        {
            _shape = new FusedShape(network.Architecture);
            _memory = new FusedMemory(_shape);
            _embedding = new FusedEmbedding(_shape, _parameters);
            var attention = new FusedAttention(_shape);
            _norm = _parameters.Norm("norm");
            Head = FusedHead.Of(_parameters);
            _blocks = [.. Enumerable.Range(0, network.Architecture.Depth).Select(i => new FusedBlock(_shape, attention, _parameters, i))];
        }
        catch
        {
            _parameters.Dispose();    // some of the weights are packed: the network is of no use to the caller any more
            throw;
        }
    }

    /// <summary>What follows the tokens, for most networks; null where libtorch does it.</summary>
    internal FusedHead? Head { get; }

    /// <summary>The network, of which only what follows the last block can be called.</summary>
    internal VisionTransformerNetwork Network => _parameters.Network;

    /// <inheritdoc cref="FusedParameters.Weights"/>
    internal Dictionary<string, NamedWeight> Weights() => _parameters.Weights();

    /// <summary>A network of its own with these weights, in evaluation mode. The caller disposes it.</summary>
    internal VisionTransformerNetwork Restore() => _parameters.Restore();

    /// <inheritdoc cref="FusedParameters.RestoreByBlocks"/>
    internal BlockwiseNetwork RestoreByBlocks() => _parameters.RestoreByBlocks();

    /// <summary>Images [count, C, H, W] to the first tokens [count, kept, D], behind the final norm unless that follows the pool.</summary>
    /// <param name="images">At least <paramref name="count"/> images.</param>
    /// <param name="count">How many.</param>
    /// <param name="kept">How many tokens of each are wanted.</param>
    /// <param name="tokens">Takes them.</param>
    /// <param name="merged">Pairs of tokens that each block merges into one; what comes out has a merged token in the place of each that is part of it.</param>
    internal void Encode(ReadOnlySpan<float> images, int count, int kept, float* tokens, int merged = 0)
    {
        int threads = Math.Max(1, Environment.ProcessorCount / Interlocked.Increment(ref _callers));
        try
        {
            fixed (float* start = images)
            {
                float* first = start;
                var group = new FusedThreads(threads, count, WorthSharing());
                group.ForEachImage(_memory, (image, job, scratch) =>
                {
                    var memory = _memory.TakeWorkspace();
                    try
                    {
                        EncodeImage(first + ((nint)image * _shape.ImageValues), new FusedImage(memory, job, scratch, threads == 1 ? 1 : threads * UnitsOfAThread), merged);
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

    /// <summary>How many threads one image is worth.</summary>
    private int WorthSharing()
    {
        long work = 12L * _shape.Tokens * _shape.Dimension * _shape.Dimension;
        return (int)Math.Clamp(work / WorkOfAThread, 1, _shape.PaddedRows / MatrixTile.Rows);
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

    /// <summary>Copies the first tokens out, normed.</summary>
    private void Keep(FusedWorkspace memory, int kept, bool merged, float* to)
    {
        for (int token = 0; token < kept; token++, to += _shape.Dimension)
        {
            int home = merged ? memory.Merger.Home(token) : token;
            if (_norm.Exists)
                VectorRows.Normalize(memory.Tokens.Row(home), to, _shape.Dimension, _norm);
            else
                VectorRows.Copy(memory.Tokens.Row(home), to, _shape.Dimension);
        }
    }
}
