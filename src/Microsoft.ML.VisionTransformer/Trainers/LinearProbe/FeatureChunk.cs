// Some thousand rows of features that are computed with together.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Rows of a <see cref="FeatureMatrix"/>, in main memory as 64-bit numbers or in a file as 32-bit ones.</summary>
internal sealed class FeatureChunk : IDisposable
{
    private readonly Tensor? _resident;
    private readonly ScratchFile? _file;
    private readonly long _offset;
    private readonly int _dimension;

    /// <param name="values">Row after row.</param>
    /// <param name="dimension">Numbers of a row.</param>
    /// <param name="file">Where the numbers go, and stay as long as the chunk is used; null for main memory.</param>
    /// <exception cref="IOException">The file does not take them.</exception>
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

    /// <summary>[Rows, dimension], 64-bit; belongs to the scope.</summary>
    /// <exception cref="IOException">The file does not give them back.</exception>
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
