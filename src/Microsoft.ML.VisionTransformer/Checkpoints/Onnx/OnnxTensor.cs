// One weight of an open ONNX file.
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A matrix that ONNX has as [inputs, outputs] is given as the network has it, [outputs, inputs].</summary>
internal sealed class OnnxTensor(OnnxCheckpoint file, OnnxEntry entry) : StoredTensor
{
    private readonly bool _transposed = entry.Name.EndsWith(OnnxMetadata.Transposed, StringComparison.Ordinal);

    internal override string Name => _transposed ? entry.Name[..^OnnxMetadata.Transposed.Length] : entry.Name;

    internal override StoredType Type => entry.Type switch
    {
        OnnxType.Float32 => StoredType.Float32,
        OnnxType.Float16 => StoredType.Float16,
        _ => StoredType.Other,
    };

    internal override string TypeName => entry.Type.ToString();

    internal override IReadOnlyList<long> Shape => _transposed ? [entry.Shape[1], entry.Shape[0]] : entry.Shape;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">There is not exactly one place for each value.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    internal override void CopyTo(Span<float> values)
    {
        Guard.InRange(values.Length, Count, Count + 1);
        if (!_transposed)
        {
            Read(values);
            return;
        }

        int inputs = checked((int)entry.Shape[0]), outputs = checked((int)entry.Shape[1]);
        float[] stored = new float[values.Length];
        Read(stored);
        for (int output = 0; output < outputs; output++)
        {
            for (int input = 0; input < inputs; input++)
                values[output * inputs + input] = stored[input * outputs + output];
        }
    }

    private void Read(Span<float> values)
    {
        if (entry.Type == OnnxType.Float32)
        {
            file.Read(entry, MemoryMarshal.AsBytes(values));
            return;
        }

        var halves = new Half[values.Length];
        file.Read(entry, MemoryMarshal.AsBytes(halves.AsSpan()));
        TensorPrimitives.ConvertToSingle(halves, values);
    }
}
