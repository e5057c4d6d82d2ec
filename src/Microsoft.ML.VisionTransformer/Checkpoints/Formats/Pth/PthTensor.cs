// A tensor in a PyTorch checkpoint: a view of a storage in the archive.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;

/// <summary>A view of a storage. Several tensors may share a storage, and any strides within its bounds are allowed.</summary>
internal sealed class PthTensor : StoredTensor
{
    private readonly PthArchive _archive;
    private readonly PickledTensor _view;
    private readonly ZipArchiveEntry _entry;
    private readonly long _span;

    /// <exception cref="InvalidCheckpointException">The tensor exceeds its storage.</exception>
    internal PthTensor(PthArchive archive, string name, PickledTensor view)
    {
        (_archive, _view, Name) = (archive, view, name);
        _entry = archive.Find(view.Storage, MessageText.Of(name));
        _span = CheckedSpan();
    }

    internal override string Name { get; }

    internal override StoredType Type => _view.Storage.Type.Type;

    internal override string TypeName => _view.Storage.Type.Name;

    internal override IReadOnlyList<long> Shape => _view.Shape;

    internal override void CopyTo(Span<float> values)
    {
        if (Type == StoredType.Other)
            throw Fail($"is of type {TypeName}, not floating point", "Remove it: it is not a weight.");
        if (values.Length != Count)
            throw new ArgumentException($"{Name} has {Count} values, but the span has {values.Length}.", nameof(values));
        if (_span == 0)
            return;
        bool asStored = Type == StoredType.Float32 && BitConverter.IsLittleEndian && IsContiguous();
        int width = _view.Storage.Type.Width;
        byte[] read = asStored ? [] : new byte[_span * width];
        lock (_archive)
            _archive.Read(_entry, _view.Offset * width, asStored ? MemoryMarshal.AsBytes(values) : read);
        if (!asStored)
            Gather(read, values);
    }

    /// <summary>Whether the values are contiguous in the storage in row-major order.</summary>
    private bool IsContiguous()
    {
        long step = 1;
        for (int d = Shape.Count - 1; d >= 0; step *= Shape[d--])
        {
            if (Shape[d] != 1 && _view.Strides[d] != step)
                return false;
        }

        return true;
    }

    /// <summary>Copies the values in row-major order, with the last dimension in the inner loop.</summary>
    private void Gather(byte[] bytes, Span<float> values)
    {
        int last = Shape.Count - 1;
        long row = last < 0 ? 1 : Shape[last];
        long step = last < 0 ? 0 : _view.Strides[last];
        long[] index = new long[Math.Max(last, 0)];
        for (int written = 0; written < values.Length;)
        {
            long first = 0;
            for (int d = 0; d < index.Length; d++)
                first += index[d] * _view.Strides[d];
            for (long i = 0; i < row; i++)
                values[written++] = Value(bytes, first + (i * step));
            for (int d = index.Length - 1; d >= 0 && ++index[d] == Shape[d]; d--)
                index[d] = 0;
        }
    }

    private float Value(byte[] bytes, long index) => Type switch
    {
        StoredType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan((int)(index * 4))),
        StoredType.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes.AsSpan((int)(index * 2))),
        StoredType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan((int)(index * 2))) << 16),
        _ => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan((int)(index * 8))),
    };

    /// <summary>Number of storage values from the tensor's first to its last value, after checking that they are within the storage.</summary>
    private long CheckedSpan()
    {
        long span = Shape.Contains(0) ? 0 : 1;
        try
        {
            for (int d = 0; d < Shape.Count && span > 0; d++)
                span = checked(span + ((Shape[d] - 1) * _view.Strides[d]));
            if (Count > _view.Storage.Count || checked(_view.Offset + span) > _view.Storage.Count)
                throw OutsideStorage();
        }
        catch (OverflowException)
        {
            throw OutsideStorage();
        }

        return checked(span * _view.Storage.Type.Width) <= Array.MaxLength
            ? span
            : throw Fail($"spans {span} values, more than can be read at once", "Save it as several tensors.");
    }

    private InvalidCheckpointException OutsideStorage() => Fail(
        $"of size [{string.Join(", ", Shape)}], strides [{string.Join(", ", _view.Strides)}] and offset {_view.Offset} " +
        $"exceeds its storage of {_view.Storage.Count} values",
        "Download or save the file again; call contiguous() on an expanded tensor before saving it.");

    private InvalidCheckpointException Fail(string problem, string advice) => _archive.Fail($"{MessageText.Of(Name)} {problem}", advice);
}
