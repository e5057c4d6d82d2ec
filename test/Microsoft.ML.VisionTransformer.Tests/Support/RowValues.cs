// Values of any column, for tests that compare whole rows.
using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class RowValues
{
    /// <summary>The columns of each row of a view, read with one cursor.</summary>
    internal static object[][] Read(IDataView view, params string[] columns)
    {
        using var cursor = view.GetRowCursor(columns.Select(c => view.Schema[c]));
        return Read(cursor, columns);
    }

    /// <summary>The columns of each remaining row. Vectors of Single are float[], everything else is text.</summary>
    internal static object[][] Read(DataViewRowCursor cursor, params string[] columns)
    {
        Func<object>[] getters = [.. columns.Select(c => Getter(cursor, cursor.Schema[c]))];
        var rows = new List<object[]>();
        while (cursor.MoveNext())
            rows.Add([.. getters.Select(g => g())]);
        return [.. rows];
    }

    /// <summary>The value of a column in the current row of a cursor or a mapper.</summary>
    internal static Func<object> Getter(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        VectorDataViewType vector when vector.ItemType == NumberDataViewType.Single => Getter<VBuffer<float>>(row, column, v => v.DenseValues().ToArray()),
        VectorDataViewType vector when vector.ItemType == NumberDataViewType.Byte => Getter<VBuffer<byte>>(row, column, v => Convert.ToHexString([.. v.DenseValues()])),
        KeyDataViewType => Getter<uint>(row, column, v => v.ToString()),
        TextDataViewType => Getter<ReadOnlyMemory<char>>(row, column, v => v.ToString()),
        NumberDataViewType number when number == NumberDataViewType.Single => Getter<float>(row, column, v => v.ToString("R")),
        _ => Getter<int>(row, column, v => v.ToString()),
    };

    /// <summary>Fails unless both have the same rows. Numbers may differ by the tolerance; without one they must be equal bit for bit.</summary>
    internal static void AssertSame(object[][] expected, object[][] found, float tolerance = 0, string what = "")
    {
        Assert.HasCount(expected.Length, found, what);
        for (int row = 0; row < expected.Length; row++)
        {
            for (int column = 0; column < expected[row].Length; column++)
                AssertSame(expected[row][column], found[row][column], tolerance, $"{what} row {row}, column {column}");
        }
    }

    private static void AssertSame(object expected, object found, float tolerance, string where)
    {
        if (expected is not float[] values)
        {
            Assert.AreEqual(expected, found, where);
            return;
        }

        var others = (float[])found;
        Assert.HasCount(values.Length, others, where);
        if (tolerance == 0)
        {
            Assert.IsTrue(MemoryMarshal.AsBytes<float>(values).SequenceEqual(MemoryMarshal.AsBytes<float>(others)), $"{where}: {string.Join(' ', values)} and {string.Join(' ', others)}");
            return;
        }

        for (int i = 0; i < values.Length; i++)
            Assert.IsTrue((float.IsNaN(values[i]) && float.IsNaN(others[i])) || Math.Abs(values[i] - others[i]) <= tolerance, $"{where}, slot {i}: {values[i]} and {others[i]}");
    }

    private static Func<object> Getter<T>(DataViewRow row, DataViewSchema.Column column, Func<T, object> convert)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    }
}
