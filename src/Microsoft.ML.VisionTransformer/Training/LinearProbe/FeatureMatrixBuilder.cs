// Computes the features of rows and collects them, in memory up to a limit and in a file beyond it.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Logging;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.LinearProbe;

/// <param name="dimension">Values of a row.</param>
/// <param name="memoryLimit">Bytes that may stay in memory, at least 0.</param>
/// <param name="folder">Folder of the file, used only when the limit is reached.</param>
internal sealed class FeatureMatrixBuilder(int dimension, long memoryLimit, string folder) : IDisposable
{
    private const int RowsOfChunk = 8192;

    private readonly List<FeatureChunk> _chunks = [];
    private readonly float[] _chunk = new float[checked(RowsOfChunk * dimension)];
    private ScratchFile? _file;
    private int _filled;
    private long _resident;

    /// <summary>Adds rows.</summary>
    /// <exception cref="IOException">There is no space for the file, or no permission to write it.</exception>
    internal void Add(ReadOnlySpan<float> rows)
    {
        while (rows.Length > 0)
        {
            int count = Math.Min(rows.Length, _chunk.Length - _filled);
            rows[..count].CopyTo(_chunk.AsSpan(_filled));
            _filled += count;
            rows = rows[count..];
            if (_filled == _chunk.Length)
                Flush();
        }
    }

    /// <summary>The collected rows; the matrix takes ownership of the chunks and the file.</summary>
    internal FeatureMatrix Build(long[] targets, float[] weights, int classes)
    {
        Flush();
        var matrix = new FeatureMatrix([.. _chunks], dimension, targets, weights, classes, _file is null ? [.. _chunks] : [.. _chunks, _file]);
        _chunks.Clear();
        _file = null;
        return matrix;
    }

    public void Dispose()
    {
        foreach (var chunk in _chunks)
            chunk.Dispose();
        _file?.Dispose();
    }

    private void Flush()
    {
        if (_filled == 0)
            return;
        long bytes = (long)_filled * sizeof(double);
        var values = _chunk.AsMemory(0, _filled);
        _filled = 0;
        if (bytes <= memoryLimit - _resident)
        {
            _resident += bytes;
            _chunks.Add(new FeatureChunk(values, dimension));
            return;
        }

        try
        {
            _chunks.Add(new FeatureChunk(values, dimension, _file ??= ScratchFile.Create(folder)));
        }
        catch (IOException e)
        {
            throw new IOException(
                string.Create(CultureInfo.InvariantCulture, $"The features of {(long)_chunks.Count * RowsOfChunk} or more images do not fit into memory ({memoryLimit >> 20} MiB) and could not be written to a temporary file in {folder}: {e.Message.TrimEnd('.')}. ") +
                "Free space there, set WorkspacePath to a folder on a larger drive, or raise ImageMemoryLimitBytes.",
                e);
        }
    }
}

/// <summary>Computes the input of the head for rows, in evaluation mode and without augmentation.</summary>
/// <param name="plan">Settings.</param>
/// <param name="network">The network, on its device; owned by the caller.</param>
/// <param name="device">The device.</param>
/// <param name="checkAlive">Throws when the run was canceled.</param>
/// <param name="group">The processes that the rows are split among; null for one.</param>
internal sealed class FeaturePass(TrainingPlan plan, VisionTransformerNetwork network, Device device, Action checkAlive, TrainingProcessGroup? group = null)
{
    /// <summary>The features of the rows. Leaves the network in evaluation mode.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="report">Receives the progress after each batch.</param>
    /// <exception cref="OperationCanceledException">The run was canceled.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    /// <exception cref="InvalidOperationException">A feature is not finite.</exception>
    /// <exception cref="IOException">Features beyond the memory limit cannot be written to a file.</exception>
    internal FeatureMatrix Over(TrainingRow[] rows, TrainingLog report)
    {
        network.eval();
        using var mode = inference_mode();
        var clock = Stopwatch.StartNew();
        int done = 0;
        using var builder = new FeatureMatrixBuilder(plan.Architecture.FeatureDimension, plan.ImageMemoryLimit, plan.SpillFolder);
        new ShardedPass(group, plan, checkAlive).Run(rows, FeaturesOf, bytes =>
        {
            builder.Add(MemoryMarshal.Cast<byte, float>(bytes));
            done += bytes.Length / (sizeof(float) * plan.Architecture.FeatureDimension);
            report.Step(Describe(done, rows.Length, clock.Elapsed));
        });
        return builder.Build([.. rows.Select(r => (long)r.Class)], [.. rows.Select(r => r.Weight)], plan.Architecture.Classes);
    }

    private byte[] FeaturesOf(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var features = network.ForwardHead(network.ForwardFeatures(batch.ToTensor(plan.Architecture, device)), preLogits: true).cpu();
        if (!features.isfinite().all().item<bool>())
        {
            throw new InvalidOperationException(
                $"The features of {plan.Pretrained ?? "the network"} are not finite for some images, so no head can be trained on them: its weights do not suit these images, or are damaged. "
                + "Check Preprocessing and, where the column holds pixels, their scale; or choose another PretrainedModel.");
        }

        return MemoryMarshal.AsBytes<float>(features.data<float>().ToArray()).ToArray();
    }

    private TrainingMetrics Describe(int images, int total, TimeSpan time) => new()
    {
        Phase = TrainingPhase.Features,
        Epochs = plan.Epochs,
        Step = images,
        Steps = total,
        ImagesPerSecond = images / time.TotalSeconds,
        Elapsed = time,
        TimeLeft = time * ((double)(total - images) / images),
    };
}
