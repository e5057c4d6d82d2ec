// Row shards: each row is in exactly one shard, unchanged.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed;

[TestClass]
public sealed class RowShardViewTests
{
    private static readonly MLContext _context = new(seed: 1);

    [TestMethod]
    [DataRow(0, 1), DataRow(7, 1), DataRow(7, 2), DataRow(7, 3), DataRow(7, 4), DataRow(7, 5), DataRow(3, 5), DataRow(0, 5), DataRow(10, 5)]
    public void EveryRowIsInOneShareAndSharesDifferByOneRowAtMost(int rows, int size)
    {
        var fractions = Enumerable.Range(0, size).Select(rank => Values(_context.Data.ShardRows(Data(rows), rank, size))).ToArray();

        CollectionAssert.AreEqual(Enumerable.Range(0, rows).ToArray(), fractions.SelectMany(fraction => fraction).Order().ToArray());
        for (int rank = 0; rank < size; rank++)
        {
            CollectionAssert.AreEqual(Enumerable.Range(0, rows).Where(i => i % size == rank).ToArray(), fractions[rank]);
            Assert.AreEqual((long?)fractions[rank].Length, _context.Data.ShardRows(Data(rows), rank, size).GetRowCount());
        }
    }

    [TestMethod]
    public void ACountThatTheDataDoesNotKnowStaysUnknown()
    {
        var filtered = _context.Data.FilterRowsByColumn(Data(9), nameof(Row.Weight), upperBound: 4);

        var fraction = _context.Data.ShardRows(filtered, 1, 2);

        Assert.IsNull(fraction.GetRowCount());
        CollectionAssert.AreEqual(new[] { 1, 3 }, Values(fraction));
    }

    [TestMethod]
    [DataRow(1), DataRow(4)]
    public void ASetOfCursorsHasEachRowOnce(int cursors)
    {
        var fraction = _context.Data.ShardRows(Data(1000), 2, 3);

        var found = fraction.GetRowCursorSet([fraction.Schema[nameof(Row.Number)]], cursors).SelectMany(Values).ToArray();

        CollectionAssert.AreEqual(Enumerable.Range(0, 1000).Where(i => i % 3 == 2).ToArray(), found);
    }

    [TestMethod]
    public void AShareIsNotShuffled()
    {
        var fraction = _context.Data.ShardRows(Data(50), 0, 2);

        Assert.IsFalse(fraction.CanShuffle);
        using var cursor = fraction.GetRowCursor([fraction.Schema[nameof(Row.Number)]], new Random(1));
        CollectionAssert.AreEqual(Values(fraction), Values(cursor));
        CollectionAssert.AreEquivalent(Values(fraction), Values(_context.Data.ShuffleRows(fraction, seed: 1)));
    }

    [TestMethod]
    public void RowsThatWereShuffledWithASeedCanBeSharedOut()
    {
        var fractions = Enumerable.Range(0, 3).Select(rank => Values(_context.Data.ShardRows(_context.Data.ShuffleRows(Data(50), seed: 7), rank, 3))).ToArray();

        CollectionAssert.AreEquivalent(Enumerable.Range(0, 50).ToArray(), fractions.SelectMany(fraction => fraction).ToArray());
    }

    [TestMethod]
    public void PositionsCountTheShareAndIdsAreThoseOfTheData()
    {
        var data = Data(5);
        var fraction = _context.Data.ShardRows(data, 1, 2);
        using var cursor = fraction.GetRowCursor(fraction.Schema);
        var id = cursor.GetIdGetter();
        var found = new List<(long Position, DataViewRowId Id)>();

        Assert.AreEqual(-1, cursor.Position);
        while (cursor.MoveNext())
        {
            DataViewRowId value = default;
            id(ref value);
            found.Add((cursor.Position, value));
        }

        Assert.AreEqual(-1, cursor.Position);
        Assert.IsFalse(cursor.MoveNext());
        CollectionAssert.AreEqual(new[] { (0L, Ids(data)[1]), (1L, Ids(data)[3]) }, found);
    }

    [TestMethod]
    public void ColumnsAndTheirAnnotationsAreThoseOfTheData()
    {
        var data = _context.Transforms.Conversion.MapValueToKey(nameof(Row.Name)).Fit(Data(6)).Transform(Data(6));

        var fraction = _context.Data.ShardRows(data, 2, 4);

        Assert.AreSame(data.Schema, fraction.Schema);
        VBuffer<ReadOnlyMemory<char>> names = default;
        fraction.Schema[nameof(Row.Name)].GetKeyValues(ref names);
        Assert.AreEqual(6, names.Length);
        CollectionAssert.AreEqual(new uint[] { 3 }, fraction.GetColumn<uint>(nameof(Row.Name)).ToArray());
    }

    [TestMethod]
    public void RowsOfOtherSharesAreNotComputed()
    {
        int computed = 0;
        var costly = _context.Transforms.CustomMapping<Row, Doubled>((row, output) => (output.Twice, computed) = (2 * row.Number, computed + 1), null);

        var fraction = _context.Data.ShardRows(costly.Fit(Data(9)).Transform(Data(9)), 1, 3);
        int[] found = [.. fraction.GetRowCursorSet([fraction.Schema[nameof(Doubled.Twice)]], 1).SelectMany(cursor => Column<int>(cursor, nameof(Doubled.Twice)))];

        CollectionAssert.AreEqual(new[] { 2, 8, 14 }, found);
        Assert.AreEqual(3, computed);
    }

    [TestMethod]
    public void OneShareIsTheDataItself()
    {
        var data = Data(3);

        Assert.AreSame(data, _context.Data.ShardRows(data, 0, 1));
        Assert.AreSame(data, _context.Data.ShardRows(data), "a test is started by hand");
    }

    [TestMethod]
    [DataRow(0, 0, "size is 0; it must be at least 1."), DataRow(-1, 2, "rank is -1 and size is 2"), DataRow(2, 2, "rank must be from 0 to 1")]
    public void NumbersThatAreNotAllowedAreNamed(int rank, int size, string message)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.ShardRows(Data(1), rank, size));

        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    public void SharesOfScoresAreTheScoresOfAll()
    {
        using var model = TinyTraining.Pipeline(_context).Fit(TinyTraining.Data(_context));
        var all = model.Transform(TinyTraining.Data(_context)).GetColumn<float[]>("Score").ToArray();

        float[][][] fractions = [.. Enumerable.Range(0, 3).Select(rank => TinyTraining.Scores(model.Transform(_context.Data.ShardRows(TinyTraining.Data(_context), rank, 3))))];

        Assert.AreEqual(all.Length, fractions.Sum(fraction => fraction.Length));
        for (int i = 0; i < all.Length; i++)
        {
            for (int j = 0; j < all[i].Length; j++)
                Assert.AreEqual(all[i][j], fractions[i % 3][i / 3][j], 1e-6f);
        }
    }

    private static IDataView Data(int rows) =>
        _context.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(i => new Row { Number = i, Name = $"row {i}", Weight = i }).ToArray());

    private static int[] Values(IDataView data) => [.. data.GetColumn<int>(nameof(Row.Number))];

    private static int[] Values(DataViewRowCursor cursor) => [.. Column<int>(cursor, nameof(Row.Number))];

    private static IEnumerable<T> Column<T>(DataViewRowCursor cursor, string name)
    {
        var getter = cursor.GetGetter<T>(cursor.Schema[name]);
        T value = default!;
        while (cursor.MoveNext())
        {
            getter(ref value);
            yield return value;
        }
    }

    private static DataViewRowId[] Ids(IDataView data)
    {
        using var cursor = data.GetRowCursor([]);
        var getter = cursor.GetIdGetter();
        var ids = new List<DataViewRowId>();
        while (cursor.MoveNext())
        {
            DataViewRowId id = default;
            getter(ref id);
            ids.Add(id);
        }

        return [.. ids];
    }

    private sealed class Row
    {
        public int Number { get; set; }

        public string Name { get; set; } = "";

        public float Weight { get; set; }
    }

    private sealed class Doubled
    {
        public int Twice { get; set; }
    }
}
