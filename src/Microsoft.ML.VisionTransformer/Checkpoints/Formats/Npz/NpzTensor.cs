// An array in an .npz archive.
using System.Globalization;
using System.IO.Hashing;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;

/// <summary>An array whose header has been read and validated. The values are decompressed on demand.</summary>
internal sealed class NpzTensor : StoredTensor
{
    /// <summary>Bytes decompressed at a time: enough for the longest header, and a multiple of every value size.</summary>
    private const int ChunkBytes = 2 * NpyHeader.LongestText;

    private readonly NpzMember _member;
    private readonly NpyHeader _header;

    /// <exception cref="InvalidCheckpointException">The member is not a supported .npy array.</exception>
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
    /// <remarks>The checksum is verified at the end of the member. After an exception the content of <paramref name="values"/> is undefined.</remarks>
    internal override void CopyTo(Span<float> values)
    {
        Guard.InRange(values.Length, Count, Count + 1, nameof(values));
        if (Type == StoredType.Other)
            throw _member.Error($"its values have dtype {TypeName}, but a floating-point type is expected. It is not a weight; remove it.");

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
                CultureInfo.InvariantCulture, $"it decompresses to more than the {_member.Length} bytes it claims: the file is corrupt. Download it again."));
        uint found = crc.GetCurrentHashAsUInt32();
        if (found != _member.Crc)
            throw _member.Error($"its bytes have the CRC-32 {found:x8}, but the archive states {_member.Crc:x8}: the file is corrupt. Download it again.");
    }

    private static void ReadInto(Span<byte> bytes, Stream content, Crc32 crc)
    {
        content.ReadExactly(bytes);
        crc.Append(bytes);
    }
}

/// <summary>Iterates over an array in Fortran order, in which the first index changes fastest.</summary>
internal sealed class ColumnMajorOrder
{
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly long[] _index;
    private long _position;

    /// <param name="shape">The array's shape; its product has been checked.</param>
    internal ColumnMajorOrder(IReadOnlyList<long> shape)
    {
        _shape = [.. shape];
        _index = new long[_shape.Length];
        _strides = new long[_shape.Length];
        long stride = 1;
        for (int d = _shape.Length - 1; d >= 0; stride *= _shape[d--])
            _strides[d] = stride;
    }

    /// <summary>Writes the file's next values to their row-major positions.</summary>
    /// <param name="next">The values that follow those of the last call.</param>
    /// <param name="rowMajor">Receives the values; the whole array.</param>
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
