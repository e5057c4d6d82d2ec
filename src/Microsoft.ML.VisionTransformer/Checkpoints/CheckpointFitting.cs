// Reads a checkpoint's weights for a network whose image size, channels and classes may differ.
using System.Runtime.ExceptionServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// Adapts three parts: position embeddings to another patch grid, patch kernels to another number of channels, and the head to other classes.
/// Every other tensor must have the same shape.
/// </summary>
/// <param name="map">The checkpoint's weights under the network's names.</param>
/// <param name="stored">The architecture of the checkpoint, as far as it is known.</param>
/// <param name="target">The architecture of the network to fill.</param>
/// <param name="head">How the head is handled.</param>
internal sealed class CheckpointFitting(LayoutMap map, VisionTransformerArchitecture stored, VisionTransformerArchitecture target, HeadPlan head)
{
    private const string Positions = "pos_embed", PatchKernel = "patch_embed.proj.weight";

    private static readonly string[] _leadingTokens = ["cls_token", "dist_token", "reg_token"];

    /// <summary>Compares names, shapes and types without reading any values.</summary>
    /// <exception cref="InvalidCheckpointException">The file differs and <paramref name="strict"/> is true; one message lists all differences.</exception>
    internal CheckpointMismatch Check(bool strict) => map.Check(target.Parameters().Select(AsStored), strict, IsLeftOut);

    /// <summary>Reads the weights of the target architecture. The caller disposes them.</summary>
    /// <param name="seed">Seeds the weights that the file lacks, if <paramref name="strict"/> is false.</param>
    /// <param name="strict">Whether the file must contain every tensor.</param>
    /// <param name="cancellation">Checked before each tensor.</param>
    /// <exception cref="InvalidCheckpointException">The file does not match, or contains NaN or infinity.</exception>
    internal NetworkWeights Read(int seed, bool strict, CancellationToken cancellation)
    {
        var mismatch = Check(strict);
        var weights = new NetworkWeights(target);
        try
        {
            if (!mismatch.IsEmpty)
                WeightInitializer.Draw(target, name => weights[name].Values, seed);
            Fill(weights, cancellation);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private void Fill(NetworkWeights weights, CancellationToken cancellation)
    {
        var rows = target.Parameters().ToDictionary(row => row.Name, StringComparer.Ordinal);
        foreach (var row in rows.Values.Where(row => IsHead(row.Name) && head.Fit == HeadFit.New))
            weights[row.Name].Values.Clear();
        var matching = map.Tensors.Values.Where(tensor =>
            rows.TryGetValue(tensor.Name, out var row) && !IsLeftOut(tensor.Name) && tensor.Shape?.SequenceEqual(AsStored(row).Shape) == true);
        ForEach(matching, tensor => Fill(tensor, rows[tensor.Name], weights[tensor.Name].Values), cancellation);
    }

    /// <summary>Reads tensors in parallel if the file supports it, otherwise in file order. Throws the first error.</summary>
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
        else if (row.Name == Positions && StoredPositionTable() is { } table && table.Grid != target.Grid)
            PositionTable.Fit(Read(tensor), table, values, target.Grid, map.Layout.Resampling);
        else if (row.Name == PatchKernel && !tensor.Shape!.SequenceEqual(row.Shape))
            ChannelAdaptation.Adapt(Read(tensor), KernelShape(tensor.Shape!), values, KernelShape(row.Shape), $"{map.Path}: {map.FileNames(row.Name)[0]}");
        else
            tensor.CopyTo(values);
    }

    /// <summary>The parameter with the file's number of positions and channels, which may differ from the target's.</summary>
    private ParameterRow AsStored(ParameterRow row)
    {
        if (row.Name == Positions && StoredPositionTable() is { } table)
            return row with { Shape = [1, table.Entries, row.Shape[2]] };
        return row.Name == PatchKernel && map.Tensors.TryGetValue(PatchKernel, out var kernel) && kernel.Shape is [_, var channels, _, _]
            ? row with { Shape = [row.Shape[0], channels, row.Shape[2], row.Shape[3]] }
            : row;
    }

    /// <summary>The shape of the file's position table. Its grid is the stored or target grid if the number of entries matches, otherwise a square.</summary>
    private PositionTableShape? StoredPositionTable()
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

    /// <summary>Whether the file has all of the target's prefix tokens. Without them the table's grid cannot be derived.</summary>
    private bool HasLeadingTokens() => target.Parameters().All(row => !_leadingTokens.Contains(row.Name) || map.Tensors.ContainsKey(row.Name));

    /// <summary>Whether the tensor is not read from the file and may be missing from it.</summary>
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
}
