// One array of an .npz archive.
using System.Globalization;
using System.IO.Hashing;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;

/// <summary>An array whose header has been read and found to fit its member; the values are unpacked when asked for.</summary>
internal sealed class NpzTensor : StoredTensor
{
    /// <summary>Bytes unpacked at a time: room for the longest header, and a multiple of every value's size.</summary>
    private const int ChunkBytes = 2 * NpyHeader.LongestText;

    private readonly NpzMember _member;
    private readonly NpyHeader _header;

    /// <exception cref="InvalidCheckpointException">The member is no .npy array of a kind that is read here.</exception>
    internal NpzTensor(NpzMember member)
    {
        _member = member;
        try
        {
            using var content = member.Open();
            _header = NpyHeader.Read(content, member);
        }
        catch (Exception e) when (NpzMember.IsDamage(e))
        {
            throw member.Damaged(e);
        }
    }

    internal override string Name => _member.Name;

    internal override StoredType Type => _header.ValueType.Type;

    internal override string TypeName => _header.ValueType.Name;

    internal override IReadOnlyList<long> Shape => _header.Shape;

    /// <inheritdoc/>
    /// <remarks>A member that fails its checksum does so at its end: after an exception the span's content means nothing.</remarks>
    internal override void CopyTo(Span<float> values)
    {
        Guard.InRange(values.Length, Count, Count + 1, nameof(values));
        if (Type == StoredType.Other)
            throw _member.Error($"its values have dtype {TypeName}, and floating-point numbers are expected. It is no weight; leave it out.");

        try
        {
            using var content = _member.Open();
            Unpack(content, values);
        }
        catch (Exception e) when (NpzMember.IsDamage(e))
        {
            throw _member.Damaged(e);
        }
    }

    private void Unpack(Stream content, Span<float> values)
    {
        byte[] chunk = new byte[ChunkBytes];
        var crc = new Crc32();
        ReadInto(chunk.AsSpan(0, _header.Length), content, crc);

        int size = _header.ValueType.Size;
        var columns = _header.FortranOrder ? new ColumnMajorOrder(Shape) : null;
        float[] scattered = columns is null ? [] : new float[ChunkBytes / size];
        for (int done = 0; done < values.Length;)
        {
            int count = Math.Min(values.Length - done, ChunkBytes / size);
            var bytes = chunk.AsSpan(0, count * size);
            ReadInto(bytes, content, crc);

            var converted = columns is null ? values.Slice(done, count) : scattered.AsSpan(0, count);
            _header.ValueType.ToFloats(bytes, converted);
            columns?.Scatter(converted, values);
            done += count;
        }

        if (content.ReadByte() >= 0)
            throw _member.Error(string.Create(
                CultureInfo.InvariantCulture, $"it unpacks to more than the {_member.Length} bytes it claims: the file is damaged. Get it again."));
        uint found = crc.GetCurrentHashAsUInt32();
        if (found != _member.Crc)
            throw _member.Error($"its bytes have the CRC-32 {found:x8}, the archive says {_member.Crc:x8}: the file is damaged. Get it again.");
    }

    private static void ReadInto(Span<byte> bytes, Stream content, Crc32 crc)
    {
        content.ReadExactly(bytes);
        crc.Append(bytes);
    }
}

/// <summary>A walk through an array in the order of Fortran, in which the first index runs fastest.</summary>
internal sealed class ColumnMajorOrder
{
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly long[] _index;
    private long _position;

    /// <param name="shape">Sizes of the array; their product has been checked.</param>
    internal ColumnMajorOrder(IReadOnlyList<long> shape)
    {
        _shape = [.. shape];
        _index = new long[_shape.Length];
        _strides = new long[_shape.Length];
        long stride = 1;
        for (int d = _shape.Length - 1; d >= 0; stride *= _shape[d--])
            _strides[d] = stride;
    }

    /// <summary>Puts the next values of the file where they belong.</summary>
    /// <param name="next">Values that follow those of the last call.</param>
    /// <param name="rowMajor">The whole array.</param>
    internal void Scatter(ReadOnlySpan<float> next, Span<float> rowMajor)
    {
        foreach (float value in next)
        {
            rowMajor[(int)_position] = value;
            Advance();
        }
    }

    private void Advance()
    {
        for (int d = 0; d < _shape.Length; d++)
        {
            _position += _strides[d];
            if (++_index[d] < _shape[d])
                return;
            _position -= _strides[d] * _shape[d];
            _index[d] = 0;
        }
    }
}
