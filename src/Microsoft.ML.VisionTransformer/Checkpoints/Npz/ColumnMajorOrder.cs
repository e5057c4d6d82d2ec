// Where the values of a column-major array belong in row-major order.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A walk through an array in the order of Fortran, in which the first index runs fastest.</summary>
internal sealed class ColumnMajorOrder
{
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly long[] _index;
    private long _place;

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
            rowMajor[(int)_place] = value;
            Advance();
        }
    }

    private void Advance()
    {
        for (int d = 0; d < _shape.Length; d++)
        {
            _place += _strides[d];
            if (++_index[d] < _shape[d])
                return;
            _place -= _strides[d] * _shape[d];
            _index[d] = 0;
        }
    }
}
