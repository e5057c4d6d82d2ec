// A checkpoint in memory, with the names, shapes and values that a test sets.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class FakeCheckpoint : CheckpointFile
{
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>A checkpoint with given shapes; the values do not matter.</summary>
    internal FakeCheckpoint(params (string Name, long[] Shape)[] tensors)
    {
        foreach (var (name, shape) in tensors)
            AddShape(name, shape);
    }

    internal override string Path => "fake";

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    /// <summary>Number of times values were read.</summary>
    internal int Reads { get; private set; }

    /// <summary>A tensor whose values count up from 0.</summary>
    internal FakeCheckpoint Add(string name, params long[] shape) =>
        Add(name, shape, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => (float)i)]);

    internal FakeCheckpoint Add(string name, long[] shape, float[] values, StoredType type = StoredType.Float32)
    {
        _tensors.Add(name, new Tensor(this, name, shape, values, type));
        return this;
    }

    /// <summary>A tensor with a given shape; the values do not matter.</summary>
    internal FakeCheckpoint AddShape(string name, params long[] shape) => Add(name, shape, []);

    public override void Dispose()
    {
    }

    private sealed class Tensor(FakeCheckpoint file, string name, long[] shape, float[] values, StoredType type) : StoredTensor
    {
        internal override string Name => name;

        internal override StoredType Type => type;

        internal override string TypeName => type == StoredType.Other ? "I32" : "F32";

        internal override IReadOnlyList<long> Shape => shape;

        internal override void CopyTo(Span<float> target)
        {
            file.Reads++;
            Assert.AreEqual(values.Length, target.Length, name);
            values.CopyTo(target);
        }
    }
}
