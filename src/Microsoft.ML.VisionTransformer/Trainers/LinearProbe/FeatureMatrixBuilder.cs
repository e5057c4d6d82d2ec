// Collects features as a network gives them, in memory up to a limit and in a file beyond it.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <param name="dimension">Numbers of a row.</param>
/// <param name="memoryLimit">Bytes that may stay in memory, at least 0.</param>
/// <param name="folder">Where the file goes; touched only when the limit is reached.</param>
internal sealed class FeatureMatrixBuilder(int dimension, long memoryLimit, string folder) : IDisposable
{
    private const int RowsOfChunk = 8192;

    private readonly List<FeatureChunk> _chunks = [];
    private readonly float[] _chunk = new float[checked(RowsOfChunk * dimension)];
    private ScratchFile? _file;
    private int _filled;
    private long _resident;

    /// <summary>Takes some rows.</summary>
    /// <exception cref="IOException">There is no room for the file, or no right to write it.</exception>
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

    /// <summary>What was collected; owns it, so that this has nothing left to dispose.</summary>
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
                string.Create(CultureInfo.InvariantCulture, $"The features of {(long)_chunks.Count * RowsOfChunk} images and more do not fit into memory ({memoryLimit >> 20} MiB) and could not be written to a temporary file in {folder}: {e.Message.TrimEnd('.')}. ") +
                "Free space there, set WorkspacePath to a folder on a larger drive, or raise ImageMemoryLimitBytes.",
                e);
        }
    }
}
