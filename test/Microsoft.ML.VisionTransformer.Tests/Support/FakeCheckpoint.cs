// A checkpoint that has names and shapes and no values.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed class FakeCheckpoint(params (string Name, long[] Shape)[] tensors) : CheckpointFile
{
    internal override string Path => "fake";

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors { get; } =
        tensors.ToDictionary(tensor => tensor.Name, tensor => (StoredTensor)new FakeTensor(tensor.Name, tensor.Shape), StringComparer.Ordinal);

    public override void Dispose()
    {
    }

    private sealed class FakeTensor(string name, long[] shape) : StoredTensor
    {
        internal override string Name => name;

        internal override StoredType Type => StoredType.Float32;

        internal override string TypeName => "F32";

        internal override IReadOnlyList<long> Shape => shape;

        internal override void CopyTo(Span<float> values) => throw new NotSupportedException("a fake has no values");
    }
}
