// A matrix of features with classes and weights of its rows, stored in chunks in main memory or in a file.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Evaluation;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.LinearProbe;

/// <summary>The training data of a linear probe: float64 features in chunks of rows.</summary>
internal sealed class FeatureMatrix : IDisposable
{
    private readonly IDisposable[] _owned;
    private readonly long[] _targets;
    private readonly float[] _weights;

    /// <param name="chunks">The features.</param>
    /// <param name="dimension">Values of a row.</param>
    /// <param name="targets">Class of each row.</param>
    /// <param name="weights">Weight of each row, at least 0.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="owned">Disposed with the matrix.</param>
    internal FeatureMatrix(IReadOnlyList<FeatureChunk> chunks, int dimension, long[] targets, float[] weights, int classes, params IDisposable[] owned)
    {
        (Chunks, Dimension, Classes, _targets, _weights, _owned) = (chunks, dimension, classes, targets, weights, owned);
        double sum = weights.Sum(weight => (double)weight);
        // If every weight is 0, no row contributes to the loss.
        RowWeights = [.. weights.Select(weight => sum > 0 ? weight / sum : 0)];
    }

    internal IReadOnlyList<FeatureChunk> Chunks { get; }

    internal ReadOnlySpan<long> Targets => _targets;

    /// <summary>Normalized weight of each row in the loss; they sum to 1.</summary>
    internal double[] RowWeights { get; }

    internal int Classes { get; }

    internal int Dimension { get; }

    internal int Rows => _targets.Length;

    /// <summary>A matrix in main memory, from row-major values.</summary>
    internal static FeatureMatrix Of(float[] features, long[] targets, float[] weights, int classes)
    {
        int dimension = features.Length / targets.Length;
        var chunk = new FeatureChunk(features, dimension);
        return new FeatureMatrix([chunk], dimension, targets, weights, classes, chunk);
    }

    /// <summary>Some of the rows, in main memory.</summary>
    /// <param name="rows">Row indices, ascending.</param>
    internal FeatureMatrix Take(int[] rows)
    {
        float[] values = new float[ArrayLength.Of(rows.Length, Dimension, "features to cross-validate", "Use fewer classes")];
        int filled = 0;
        ForEach((features, first, targets) =>
        {
            long[] here = [.. rows.SkipWhile(row => row < first).TakeWhile(row => row < first + targets.size(0)).Select(row => (long)row - first)];
            if (here.Length == 0)
                return;
            features.index_select(0, tensor(here, device: CPU)).to(ScalarType.Float32).data<float>().CopyTo(values.AsSpan(filled));
            filled += here.Length * Dimension;
        });
        return Of(values, [.. rows.Select(row => _targets[row])], [.. rows.Select(row => _weights[row])], Classes);
    }

    /// <summary>These rows and others; the result does not own the chunks of either.</summary>
    /// <param name="others">More rows.</param>
    /// <param name="factors">Factor of each class for the weights of the others; null for 1.</param>
    internal FeatureMatrix With(FeatureMatrix others, double[]? factors = null)
    {
        float[] weights = factors is null ? others._weights : [.. others._weights.Select((weight, row) => (float)(weight * factors[others._targets[row]]))];
        return new([.. Chunks, .. others.Chunks], Dimension, [.. _targets, .. others._targets], [.. _weights, .. weights], Classes);
    }

    /// <summary>
    /// Calls <paramref name="work"/> for each chunk with its features [rows, D], the index of its first row, and the classes of its rows [rows].
    /// Disposes the tensors afterward.
    /// </summary>
    internal void ForEach(Action<Tensor, int, Tensor> work)
    {
        int first = 0;
        foreach (var chunk in Chunks)
        {
            using var scope = NewDisposeScope();
            work(chunk.Read(), first, tensor(_targets.AsMemory(first, chunk.Rows), [chunk.Rows], device: CPU));
            first += chunk.Rows;
        }
    }

    /// <summary>Weighted mean cross-entropy and accuracy of a head on these rows.</summary>
    internal (double Loss, double Accuracy) Evaluate(double[] head)
    {
        using var mode = no_grad();
        double loss = 0;
        long right = 0;
        ForEach((features, first, targets) =>
        {
            var logits = LogisticRegression.Logits(features, head, Classes);
            loss -= logits.log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1).dot(tensor(RowWeights.AsMemory(first, (int)targets.size(0)), [targets.size(0)], device: CPU)).item<double>();
            right += logits.argmax(1).eq(targets).sum().item<long>();
        });
        return (loss, (double)right / Rows);
    }

    /// <summary>The rows with the logits that a head gives them.</summary>
    internal EvaluatedRows ToEvaluatedRows(double[] head)
    {
        using var mode = no_grad();
        float[] all = new float[ArrayLength.Of(Rows, Classes, "logits to calibrate on", "Use fewer validation rows")];
        ForEach((features, first, _) =>
            LogisticRegression.Logits(features, head, Classes).to(ScalarType.Float32).contiguous().data<float>().CopyTo(all.AsSpan(first * Classes)));
        return new EvaluatedRows(all, _targets, _weights, Classes);
    }

    public void Dispose()
    {
        foreach (var part in _owned)
            part.Dispose();
    }
}

/// <summary>Rows of a <see cref="FeatureMatrix"/>, in main memory as float64 or in a file as float32.</summary>
internal sealed class FeatureChunk : IDisposable
{
    private readonly Tensor? _resident;
    private readonly ScratchFile? _file;
    private readonly long _offset;
    private readonly int _dimension;

    /// <param name="values">Row-major.</param>
    /// <param name="dimension">Values of a row.</param>
    /// <param name="file">Receives the values and must outlive the chunk; null for main memory.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    internal FeatureChunk(ReadOnlyMemory<float> values, int dimension, ScratchFile? file = null)
    {
        (_dimension, _file) = (dimension, file);
        Rows = values.Length / dimension;
        if (file is null)
            _resident = Widened(values.ToArray()).DetachFromDisposeScope();
        else
            _offset = file.Append(MemoryMarshal.AsBytes(values.Span));
    }

    internal int Rows { get; }

    /// <summary>[Rows, dimension], float64; belongs to the scope.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal Tensor Read()
    {
        if (_resident is not null)
            return _resident.alias();
        float[] values = new float[checked(Rows * _dimension)];
        _file!.Read(_offset, MemoryMarshal.AsBytes(values.AsSpan()));
        return Widened(values);
    }

    public void Dispose() => _resident?.Dispose();

    private Tensor Widened(float[] values)
    {
        using var outside = inference_mode(false);
        using var narrow = tensor(values, [Rows, _dimension], device: CPU);
        return narrow.to(ScalarType.Float64);
    }
}
