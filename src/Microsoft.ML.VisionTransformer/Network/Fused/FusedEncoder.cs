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

    /// <summary>A network of its own with these weights, in evaluation mode. The caller disposes it.</summary>
    internal VisionTransformerNetwork Restore() => _parameters.Restore();

    /// <summary>Images [count, C, H, W] to the first tokens [count, kept, D] that leave the last block.</summary>
    /// <param name="images">At least <paramref name="count"/> images.</param>
    /// <param name="count">How many.</param>
    /// <param name="kept">How many tokens of each are wanted.</param>
    /// <param name="tokens">Takes them.</param>
    internal void Encode(ReadOnlySpan<float> images, int count, int kept, float* tokens)
    {
        int threads = Math.Max(1, Environment.ProcessorCount / Interlocked.Increment(ref _callers));
        try
        {
            fixed (float* start = images)
            {
                float* first = start;
                var team = new FusedTeam(threads, count, WorthSharing());
                team.ForEachImage(image => EncodeImage(first, image, kept, tokens, team));
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

    private void EncodeImage(float* images, int image, int kept, float* tokens, FusedTeam team)
    {
        if (!_workspaces.TryTake(out var workspace))
            workspace = new FusedWorkspace(_shape, _attention.PackedLength);
        var architecture = _parameters.Architecture;
        long length = (long)architecture.Channels * architecture.ImageSize.Height * architecture.ImageSize.Width;
        Encode(images + (nint)(image * length), workspace, team);
        long wanted = (long)kept * _shape.Dimension * sizeof(float);
        Buffer.MemoryCopy(workspace.Tokens, tokens + ((nint)image * kept * _shape.Dimension), wanted, wanted);
        _workspaces.Add(workspace);
    }

    private void Encode(float* image, FusedWorkspace workspace, FusedTeam team)
    {
        team.Share(_embedding.Tiles, workspace, (first, end, scratch) => _embedding.Embed(image, workspace.Tokens, first, end, scratch));
        int tiles = _shape.PaddedRows / MatrixTile.Rows;
        team.Share(tiles, workspace, (first, end, scratch) => Look(0, workspace, first, end, scratch));
        for (int i = 0; i < _blocks.Length; i++)
        {
            int block = i;
            team.Run(_shape.Heads, head => _attention.Pack(workspace.Qkv, head, workspace.Packed(head)));
            team.Share(tiles, workspace, (first, end, scratch) => Attend(block, workspace, first, end, scratch));
        }
    }

    /// <summary>Rows through a block, and as far into the next as they can go without the others.</summary>
    private void Attend(int block, FusedWorkspace workspace, int first, int end, FusedScratch scratch)
    {
        int most = Together(first, end);
        for (int from = first; from < end; from += most)
        {
            int rows = Math.Min(most, end - from);
            float* x = workspace.Tokens + ((nint)from * _shape.Dimension);
            for (int head = 0; head < _shape.Heads; head++)
            {
                for (int query = 0; query < rows; query += FusedAttention.Queries)
                {
                    _attention.Mix(
                        workspace.Qkv + ((nint)(from + query) * 3 * _shape.Dimension), Math.Min(FusedAttention.Queries, rows - query), head, workspace.Packed(head),
                        scratch.Attended + ((nint)query * _shape.Dimension), scratch);
                }
            }

            _blocks[block].Think(x, rows, scratch);
        }

        if (block + 1 < _blocks.Length)
            Look(block + 1, workspace, first, end, scratch);
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
