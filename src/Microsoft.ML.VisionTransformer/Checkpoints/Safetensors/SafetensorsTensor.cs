// One tensor of an open safetensors file.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal sealed class SafetensorsTensor(SafetensorsCheckpoint file, SafetensorsEntry entry) : StoredTensor
{
    /// <summary>Values converted at a time: as much of the file as this is in memory beside the result.</summary>
    private const int BlockValues = 4 << 20;

    internal override string Name => entry.Name;

    internal override StoredType Type => entry.Type.Stored;

    internal override string TypeName => entry.Type.Name;

    internal override IReadOnlyList<long> Shape => entry.Shape;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">There is not exactly one place for each value.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    internal override void CopyTo(Span<float> values)
    {
        if (Type == StoredType.Other)
        {
            throw new InvalidCheckpointException(
                $"{file.Path}: {MessageText.Of(Name)} is {TypeName}, a floating-point type (F32, F16, BF16, F64) is expected: "
                + "it holds no weights; convert it or leave it out.");
        }

        Guard.InRange(values.Length, Count, Count + 1);
        for (int from = 0; from < values.Length; from += BlockValues)
        {
            var block = values[from..Math.Min(values.Length, from + BlockValues)];
            file.Read(entry.Begin + (long)from * entry.Type.Width, block, entry.Type);
        }
    }
}
