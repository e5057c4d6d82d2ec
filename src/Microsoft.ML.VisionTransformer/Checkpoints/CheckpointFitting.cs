// Puts a checkpoint's weights into a network, which may take other images and tell other classes apart.
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Interop;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// Fits what may differ: the learned positions to another patch grid, the patch kernels to another number of channels, the head to other classes. All else
/// must be equal.
/// </summary>
/// <param name="map">The weights under the network's names.</param>
/// <param name="stored">The network they belong to, as far as it is known.</param>
/// <param name="target">The network that is filled.</param>
/// <param name="head">What becomes of the head.</param>
internal sealed class CheckpointFitting(LayoutMap map, VisionTransformerArchitecture stored, VisionTransformerArchitecture target, HeadPlan head)
{
    private const string Positions = "pos_embed", PatchKernel = "patch_embed.proj.weight";

    private static readonly string[] _leadingTokens = ["cls_token", "dist_token", "reg_token"];

    /// <summary>Compares names, shapes and types; nothing is read.</summary>
    /// <exception cref="InvalidCheckpointException">The file differs, and <paramref name="strict"/> is set; all differences in one message.</exception>
    internal CheckpointMismatch Check(bool strict) => map.Check(target.Parameters().Select(AsStored), strict, IsLeftOut);

    /// <summary>A network of the target's shape with the checkpoint's weights.</summary>
    /// <param name="seed">Draws what the file lacks, where that was allowed.</param>
    /// <param name="strict">Whether the file must have all.</param>
    /// <param name="cancellation">Looked at before each tensor.</param>
    /// <exception cref="InvalidCheckpointException">The file does not fit, or holds values that are no finite numbers.</exception>
    internal VisionTransformerNetwork CreateNetwork(int seed, bool strict, CancellationToken cancellation)
    {
        using var state = TorchState.EnterOrdinary();
        var mismatch = Check(strict);
        var network = mismatch.IsEmpty ? VisionTransformerNetwork.WithUnsetWeights(target, seed) : new VisionTransformerNetwork(target, seed);
        try
        {
            Fill(network, cancellation);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private void Fill(VisionTransformerNetwork network, CancellationToken cancellation)
    {
        using var mode = no_grad();
        var parameters = network.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        var rows = target.Parameters().ToDictionary(row => row.Name, StringComparer.Ordinal);
        foreach (var row in rows.Values.Where(row => IsHead(row.Name) && head.Fit == HeadFit.New))
            Values(parameters[row.Name]).Clear();
        var wanted = map.Tensors.Values.Where(t => rows.TryGetValue(t.Name, out var row) && !IsLeftOut(t.Name) && t.Shape?.SequenceEqual(AsStored(row).Shape) == true);
        ForEach(wanted, tensor => Fill(tensor, rows[tensor.Name], Values(parameters[tensor.Name])), cancellation);
    }

    /// <summary>Reads on all processors where the file allows it, in the file's order elsewhere; an error is the first that was met.</summary>
    private void ForEach(IEnumerable<MappedTensor> tensors, Action<MappedTensor> fill, CancellationToken cancellation)
    {
        if (!map.ReadsInParallel)
        {
            foreach (var tensor in tensors)
            {
                cancellation.ThrowIfCancellationRequested();
                fill(tensor);
            }

            return;
        }

        try
        {
            Parallel.ForEach(tensors.ToArray(), new ParallelOptions { CancellationToken = cancellation }, fill);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private void Fill(MappedTensor tensor, ParameterRow row, Span<float> values)
    {
        if (IsHead(row.Name) && head.Fit == HeadFit.Reordered)
            HeadValues.Write(Read(tensor), values, checked((int)(row.Length / row.Shape[0])), head);
        else if (row.Name == Positions && PositionsAsStored() is { } table && table.Grid != target.Grid)
            PositionTable.Fit(Read(tensor), table, values, target.Grid, map.Layout.Resampling);
        else if (row.Name == PatchKernel && !tensor.Shape!.SequenceEqual(row.Shape))
            ChannelAdaptation.Adapt(Read(tensor), KernelShape(tensor.Shape!), values, KernelShape(row.Shape), $"{map.Path}: {map.FileNames(row.Name)[0]}");
        else
            tensor.CopyTo(values);
    }

    /// <summary>The row as the file may have it: with its own number of positions and its own channels.</summary>
    private ParameterRow AsStored(ParameterRow row)
    {
        if (row.Name == Positions && PositionsAsStored() is { } table)
            return row with { Shape = [1, table.Entries, row.Shape[2]] };
        return row.Name == PatchKernel && map.Tensors.TryGetValue(PatchKernel, out var kernel) && kernel.Shape is [_, var channels, _, _]
            ? row with { Shape = [row.Shape[0], channels, row.Shape[2], row.Shape[3]] }
            : row;
    }

    /// <summary>The file's table: its grid is that of the stored network where the number of entries agrees, a square elsewhere.</summary>
    private PositionTableShape? PositionsAsStored()
    {
        if (!map.Tensors.TryGetValue(Positions, out var positions) || positions.Shape is not [1, var entries, var dimension])
            return null;
        int prefix = target.PositionCount - target.PatchTokens;
        if (dimension != target.EmbeddingDimension || entries <= prefix || !HasLeadingTokens())
            return null;
        foreach (var grid in new[] { stored.Grid, target.Grid })
        {
            if (prefix + (long)grid.Height * grid.Width == entries)
                return new PositionTableShape(prefix, grid, target.EmbeddingDimension);
        }

        return PositionTableShape.Square(checked((int)entries), prefix, target.EmbeddingDimension, $"{map.Path}: {map.FileNames(Positions)[0]}");
    }

    /// <summary>Whether the file has the target's tokens before the patches; another network's table says nothing of the grid.</summary>
    private bool HasLeadingTokens() => target.Parameters().All(row => !_leadingTokens.Contains(row.Name) || map.Tensors.ContainsKey(row.Name));

    /// <summary>Whether the file's tensor of that name is not looked at, and none is missed.</summary>
    private bool IsLeftOut(string name) =>
        (IsHead(name) && head.Fit == HeadFit.New)
        || (name.StartsWith("pre_logits.", StringComparison.Ordinal) && target.RepresentationDimension == 0 && stored.RepresentationDimension > 0)
        || (name == Positions && target.PositionEmbedding == PositionEmbedding.SinCos2D);

    private static bool IsHead(string name) => name.StartsWith("head.", StringComparison.Ordinal) || name.StartsWith("head_dist.", StringComparison.Ordinal);

    private static float[] Read(MappedTensor tensor)
    {
        float[] values = new float[tensor.Count];
        tensor.CopyTo(values);
        return values;
    }

    private static PatchKernelShape KernelShape(long[] shape) => new((int)shape[0], (int)shape[1], ((int)shape[2], (int)shape[3]));

    private static Span<float> Values(Tensor parameter) => MemoryMarshal.Cast<byte, float>(parameter.bytes);
}
