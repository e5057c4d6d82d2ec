// A network's way from images to tokens in vector code of our own, on one processor's cores.
using System.Collections.Concurrent;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Computes what <see cref="VisionTransformerNetwork.ForwardFeatures(TorchSharp.torch.Tensor)"/> does, up to the final norm, in float32. An image's numbers do not depend on the images beside it, nor on
/// the number of threads. Several threads may call it at once: they share the weights, and the processors.
/// </summary>
internal sealed unsafe class FusedEncoder : IDisposable
{
    /// <summary>Multiplications in one block for which a further thread is worth its start.</summary>
    private const long WorkOfAThread = 2_000_000;

    private readonly FusedParameters _parameters;
    private readonly FusedShape _shape;
    private readonly FusedEmbedding _embedding;
    private readonly FusedAttention _attention;
    private readonly FusedBlock[] _blocks;
    private readonly ConcurrentBag<FusedWorkspace> _workspaces = [];
    private int _callers;

    /// <summary>Takes over a network that lies in main memory and fits.</summary>
    internal FusedEncoder(VisionTransformerNetwork network)
    {
        _parameters = new FusedParameters(network);
        _shape = new FusedShape(network.Architecture);
        _embedding = new FusedEmbedding(_shape, _parameters);
        _attention = new FusedAttention(_shape);
        _blocks = [.. Enumerable.Range(0, network.Architecture.Depth).Select(i => new FusedBlock(_shape, _parameters, i))];
    }

    /// <summary>The network, of which only what follows the last block can be called.</summary>
    internal VisionTransformerNetwork Network => _parameters.Network;

    /// <inheritdoc cref="FusedParameters.Weights"/>
    internal Dictionary<string, NamedWeight> Weights() => _parameters.Weights();

    /// <summary>A network of its own with these weights, in evaluation mode. The caller disposes it.</summary>
    internal VisionTransformerNetwork Restore() => _parameters.Restore();

    /// <summary>Images [count, C, H, W] to the first tokens [count, kept, D] that leave the last block.</summary>
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
                var team = new FusedTeam(threads, count, WorthSharing());
                team.ForEachImage(image => EncodeImage(first, image, kept, tokens, merged, team));
            }
        }
        finally
        {
            Interlocked.Decrement(ref _callers);
        }
    }

    public void Dispose()
    {
        while (_workspaces.TryTake(out var workspace))
            workspace.Dispose();
        _parameters.Dispose();
    }

    /// <summary>How many threads one image is worth.</summary>
    private int WorthSharing()
    {
        long work = 12L * _shape.Tokens * _shape.Dimension * _shape.Dimension;
        return (int)Math.Clamp(work / WorkOfAThread, 1, _shape.PaddedRows / MatrixTile.Rows);
    }

    private void EncodeImage(float* images, int image, int kept, float* tokens, int merged, FusedTeam team)
    {
        if (!_workspaces.TryTake(out var workspace))
            workspace = new FusedWorkspace(_shape, _attention.PackedLength);
        var architecture = _parameters.Architecture;
        long length = (long)architecture.Channels * architecture.ImageSize.Height * architecture.ImageSize.Width;
        team.Share(_embedding.Tiles, workspace, (first, end, scratch) => _embedding.Embed(images + (nint)(image * length), workspace.Tokens, first, end, scratch));
        team.Share(Tiles(_shape.Tokens), workspace, (first, end, scratch) => Look(0, workspace, first, end, scratch));
        if (merged == 0)
            Encode(workspace, team);
        else
            EncodeMerging(workspace, merged, team);
        float* to = tokens + ((nint)image * kept * _shape.Dimension);
        for (int token = 0; token < kept; token++, to += _shape.Dimension)
        {
            int home = merged == 0 ? token : workspace.Merger.Home(token);
            new ReadOnlySpan<float>(workspace.Tokens + ((nint)home * _shape.Dimension), _shape.Dimension).CopyTo(new Span<float>(to, _shape.Dimension));
        }

        _workspaces.Add(workspace);
    }

    private void Encode(FusedWorkspace workspace, FusedTeam team)
    {
        for (int i = 0; i < _blocks.Length; i++)
        {
            int block = i;
            Pack(workspace, _shape.Tokens, team);
            team.Share(Tiles(_shape.Tokens), workspace, (first, end, scratch) =>
            {
                for (int from = first, most = Together(first, end); from < end; from += most)
                {
                    int rows = Math.Min(most, end - from);
                    Attend(block, workspace, from, rows, _shape.Tokens, null, scratch);
                    _blocks[block].Think(workspace.Tokens + ((nint)from * _shape.Dimension), rows, scratch);
                }

                if (block + 1 < _blocks.Length)
                    Look(block + 1, workspace, first, end, scratch);
            });
        }
    }

    /// <summary>As the other way, but each block has fewer tokens behind its attention than before.</summary>
    private void EncodeMerging(FusedWorkspace workspace, int merged, FusedTeam team)
    {
        var merger = workspace.Merger;
        merger.Reset();
        int tokens = _shape.Tokens;
        for (int i = 0; i < _blocks.Length; i++)
        {
            int block = i, before = tokens;
            Pack(workspace, before, team);
            team.Share(Tiles(before), workspace, (first, end, scratch) =>
            {
                for (int from = first, most = Together(first, end); from < end; from += most)
                    Attend(block, workspace, from, Math.Min(most, end - from), before, merger.LogSizes, scratch);
            });
            tokens = merger.Merge(workspace.Tokens, workspace.Qkv, before, merged);
            team.Share(Tiles(tokens), workspace, (first, end, scratch) =>
            {
                for (int from = first, most = Together(first, end); from < end; from += most)
                    _blocks[block].Think(workspace.Tokens + ((nint)from * _shape.Dimension), Math.Min(most, end - from), scratch);
                if (block + 1 < _blocks.Length)
                    Look(block + 1, workspace, first, end, scratch);
            });
        }
    }

    private static int Tiles(int tokens) => MatrixTile.PaddedRows(tokens) / MatrixTile.Rows;

    private void Pack(FusedWorkspace workspace, int tokens, FusedTeam team) =>
        team.Run(_shape.Heads, head => _attention.Pack(workspace.Qkv, tokens, head, workspace.Packed(head)));

    /// <summary>Some rows through the attention of a block.</summary>
    private void Attend(int block, FusedWorkspace workspace, int from, int rows, int tokens, float* bias, FusedScratch scratch)
    {
        for (int head = 0; head < _shape.Heads; head++)
        {
            for (int query = 0; query < rows; query += FusedAttention.Queries)
            {
                _attention.Mix(
                    workspace.Qkv + ((nint)(from + query) * 3 * _shape.Dimension), Math.Min(FusedAttention.Queries, rows - query), head, tokens, workspace.Packed(head), bias,
                    scratch.Attended + ((nint)query * _shape.Dimension), scratch);
            }
        }

        _blocks[block].Attend(workspace.Tokens + ((nint)from * _shape.Dimension), rows, scratch);
    }

    private void Look(int block, FusedWorkspace workspace, int first, int end, FusedScratch scratch)
    {
        int most = Together(first, end);
        for (int from = first; from < end; from += most)
            _blocks[block].Look(workspace.Tokens + ((nint)from * _shape.Dimension), Math.Min(most, end - from), workspace.Qkv + ((nint)from * 3 * _shape.Dimension), scratch);
    }

    /// <summary>How many rows go through the weights together: about the same number each time, in whole tiles.</summary>
    private static int Together(int first, int end)
    {
        int times = (end - first + FusedScratch.Rows - 1) / FusedScratch.Rows;
        return Math.Max(MatrixTile.Rows, MatrixTile.PaddedRows((end - first) / Math.Max(1, times)));
    }
}
