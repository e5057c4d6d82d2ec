// The common contract of all estimators, transformers and data views of the library.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed class EstimatorContractTests
{
    private const int Rows = 21, BatchSize = 5;

    private static readonly TemporaryFolder _folder = new();
    private static readonly Dictionary<string, MadeModel> _made = [];
    private static ContractParts _parts = null!;
    private static IDataView _data = null!;

    public static IEnumerable<object[]> Subjects => ContractSubject.All.Select(s => new object[] { s.Name });

    public static IEnumerable<object[]> Estimators => ContractSubject.All.Where(s => s.Estimator is not null).Select(s => new object[] { s.Name });

    public static IEnumerable<object[]> Views => ContractView.All.Select(v => v.Name).Concat(ContractSubject.All.Select(s => s.Name)).Select(n => new object[] { n });

    [ClassInitialize]
    public static void MakeParts(TestContext _)
    {
        var context = new MLContext(seed: 1);
        _data = Keyed(context, ColoredSamples.Make(Rows / 3));
        using var trained = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 4));
        string pretrained = Path.Combine(_folder.Path, "pretrained");
        trained.LastTransformer.SaveAsSafetensors(pretrained);
        ColoredSamples.WriteTo(Path.Combine(_folder.Path, "images"), Rows / 3);
        _parts = new(context, pretrained, context.Model.LoadVisionTransformer(pretrained, options: new() { Device = "cpu" }));
    }

    [ClassCleanup]
    public static void Free()
    {
        foreach (var made in _made.Values)
            made.Dispose();
        _parts.Model.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public void EveryTypeOfTheLibraryIsInATable()
    {
        var covered = new HashSet<Type>();
        foreach (var subject in ContractSubject.All)
        {
            var model = ModelOf(subject.Name);
            covered.Add(model.GetType());
            covered.Add(model.Transform(_data).GetType());
            if (subject.Estimator is { } estimator)
                covered.Add(estimator(_parts).GetType());
        }

        covered.UnionWith(ContractView.All.Select(v => ViewOf(v.Name).GetType()));

        var missing = typeof(VisionTransformerTrainer).Assembly.GetTypes()
            .Where(t => t is { IsAbstract: false, IsInterface: false } && t.GetInterfaces().Any(IsSubject) && !covered.Contains(t))
            .Select(t => t.FullName);
        Assert.IsEmpty(missing, $"types without a line in {nameof(ContractSubject)} or {nameof(ContractView)}: {string.Join(", ", missing)}");

        static bool IsSubject(Type type) => type == typeof(ITransformer) || type == typeof(IDataView) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEstimator<>));
    }

    [TestMethod]
    [DynamicData(nameof(Estimators))]
    public void TheShapeBeforeFittingIsThatOfTheResult(string name)
    {
        var promised = Subject(name).Estimator!(_parts).GetOutputSchema(SchemaShape.Create(_data.Schema));

        var found = SchemaShape.Create(ModelOf(name).Transform(_data).Schema);

        CollectionAssert.AreEqual(found.Select(Describe).Order(StringComparer.Ordinal).ToArray(), promised.Select(Describe).Order(StringComparer.Ordinal).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void TheSchemaIsTheSameWhereverItIsAskedFor(string name)
    {
        var model = ModelOf(name);
        string[] expected = Describe(model.Transform(_data).Schema);

        CollectionAssert.AreEqual(expected, Describe(model.GetOutputSchema(_data.Schema)));
        CollectionAssert.AreEqual(expected, Describe(model.GetRowToRowMapper(_data.Schema).OutputSchema));
        CollectionAssert.AreEqual(Describe(_data.Schema), expected[.._data.Schema.Count], "the input's columns come first, as they were");
        CollectionAssert.AreEqual(Subject(name).Outputs, model.GetOutputSchema(_data.Schema).Skip(_data.Schema.Count).Select(c => c.Name).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void VectorsHaveAKnownSizeAndANameForEachSlotOrNone(string name)
    {
        var scored = ModelOf(name).Transform(_data);
        foreach (string output in Subject(name).Outputs.Where(o => scored.Schema[o].Type is VectorDataViewType))
        {
            var column = scored.Schema[output];
            int size = ((VectorDataViewType)column.Type).Size;
            VBuffer<ReadOnlyMemory<char>> names = default;
            if (column.HasSlotNames())
                column.GetSlotNames(ref names);

            Assert.IsGreaterThan(0, size);
            Assert.AreEqual(column.HasSlotNames() ? size : 0, names.Length);
            Assert.IsTrue(Array.TrueForAll(RowValues.Read(scored, output), row => ((float[])row[0]).Length == size));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void NothingIsReadBeforeACursorMoves(string name)
    {
        var watched = new WatchedView(_data);
        var result = ModelOf(name).Transform(watched);
        string[] outputs = Subject(name).Outputs;
        Assert.IsEmpty(watched.ColumnsAsked);

        using (var cursor = result.GetRowCursor(outputs.Select(o => result.Schema[o])))
        {
            foreach (string output in outputs)
                RowValues.Getter(cursor, result.Schema[output]);
            Assert.AreEqual(0, watched.RowsRead);
            Assert.IsTrue(cursor.MoveNext());
        }

        Assert.IsGreaterThan(0, watched.RowsRead);
        CollectionAssert.AreEqual(new[] { "Image" }, watched.ColumnsAsked.ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void ColumnsThatPassThroughCostNoImage(string name)
    {
        var watched = new WatchedView(_data);
        var result = ModelOf(name).Transform(watched);

        RowValues.AssertSame(RowValues.Read(_data, "Number"), RowValues.Read(result, "Number"));

        Assert.AreEqual(Rows, watched.RowsRead);
        CollectionAssert.AreEqual(new[] { "Number" }, watched.ColumnsAsked.ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void TheRowCountIsThatOfTheInput(string name)
    {
        var model = ModelOf(name);

        Assert.AreEqual(_data.GetRowCount(), model.Transform(_data).GetRowCount());
        Assert.AreEqual(Rows, model.Transform(new WatchedView(_data, hasKnownLength: false)).GetRowCount() ?? Rows);
        Assert.IsNull(model.Transform(new WatchedView(_data, hasKnownLength: false)).GetRowCount());
    }

    [TestMethod]
    [DynamicData(nameof(Views))]
    public void CursorsDoNotDisturbEachOther(string name)
    {
        var view = ViewOf(name);
        string[] columns = [.. view.Schema.Select(c => c.Name)];
        object[][] expected = RowValues.Read(view, columns);
        Assert.HasCount(RowsOf(name), expected);
        Assert.AreEqual(expected.Length, view.GetRowCount() ?? expected.Length);

        using (var first = view.GetRowCursor(view.Schema))
        using (var second = view.GetRowCursor(view.Schema))
        {
            Func<object>[] getters = [.. columns.Select(c => RowValues.Getter(first, view.Schema[c]))];
            for (int row = 0; row < 3 && first.MoveNext(); row++)
                RowValues.AssertSame([expected[row]], [[.. getters.Select(g => g())]]);
            RowValues.AssertSame(expected, RowValues.Read(second, columns), what: "the second cursor");
            RowValues.AssertSame(expected[3..], RowValues.Read(first, columns), what: "the first cursor goes on");
        }

        var found = new object[4][][];
        Parallel.For(0, found.Length, new() { MaxDegreeOfParallelism = found.Length }, t => found[t] = RowValues.Read(view, columns));
        foreach (object[][] rows in found)
            RowValues.AssertSame(expected, rows, what: "another thread");
    }

    [TestMethod]
    [DynamicData(nameof(Views))]
    public void ASetOfCursorsHasEachRowOnce(string name)
    {
        var view = ViewOf(name);
        string[] columns = [.. view.Schema.Select(c => c.Name)];
        object[][] expected = RowValues.Read(view, columns);

        foreach (int count in new[] { 1, 3 })
        {
            var cursors = view.GetRowCursorSet(view.Schema, count);
            var found = new List<object[]>();
            foreach (var cursor in cursors)
            {
                found.AddRange(RowValues.Read(cursor, columns));
                cursor.Dispose();
            }

            int key = Array.FindIndex(columns, c => c is "Number" or "ImagePath");
            RowValues.AssertSame(
                [.. expected.OrderBy(r => (string)r[key], StringComparer.Ordinal)], [.. found.OrderBy(r => (string)r[key], StringComparer.Ordinal)], what: $"{count} cursors");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Views))]
    public void EachColumnIsReadAlone(string name)
    {
        var view = ViewOf(name);
        string[] columns = [.. view.Schema.Select(c => c.Name)];
        object[][] expected = RowValues.Read(view, columns);
        for (int i = 0; i < columns.Length; i++)
        {
            RowValues.AssertSame([.. expected.Select(row => new[] { row[i] })], RowValues.Read(view, columns[i]), what: columns[i]);
            using var cursor = view.GetRowCursor([view.Schema[columns[i]]]);
            Assert.IsTrue(cursor.IsColumnActive(view.Schema[columns[i]]));
            foreach (var column in view.Schema.Where(c => c.Name != columns[i]))
            {
                Assert.IsFalse(cursor.IsColumnActive(column), $"{column.Name} is not asked for");
                // ML.NET's own views throw either of the two.
                var error = Assert.Throws<Exception>(() => RowValues.Getter(cursor, column));
                Assert.IsTrue(error is InvalidOperationException or ArgumentOutOfRangeException, error.ToString());
            }
        }

        using var none = view.GetRowCursor([]);
        Assert.AreEqual(-1, none.Position);
        int rows = 0;
        while (none.MoveNext())
            Assert.AreEqual(rows++, none.Position);
        Assert.AreEqual(RowsOf(name), rows);
        Assert.IsFalse(none.MoveNext());
        Assert.AreEqual(-1, none.Position);
    }

    [TestMethod]
    [DynamicData(nameof(Views))]
    public void AGetterOfAnotherTypeIsRefused(string name)
    {
        var view = ViewOf(name);
        using var cursor = view.GetRowCursor(view.Schema);

        foreach (var column in view.Schema)
            Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<DateTimeOffset>(column), column.Name);
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void AnImageThatCannotBeReadIsAnErrorOrMissing(string name)
    {
        var samples = ColoredSamples.Make(Rows / 3);
        (samples[4].Image, samples[6].Image) = ([1, 2, 3], []);
        var result = ModelOf(name).Transform(Keyed(_parts.Context, samples));
        string[] outputs = Subject(name).Outputs;

        if (Handling(ModelOf(name)) == InvalidImageHandling.Throw)
        {
            Assert.Contains("row 4 of column 'Image'", Assert.ThrowsExactly<InvalidImageException>(() => RowValues.Read(result, outputs)).Message);
            return;
        }

        object[][] expected = RowValues.Read(ModelOf(name).Transform(_data), outputs);
        object[][] found = RowValues.Read(result, outputs);
        foreach (int missing in new[] { 4, 6 })
        {
            Assert.IsTrue(Array.TrueForAll(found[missing], value => value is float[] values ? Array.TrueForAll(values, float.IsNaN) : value is "0"), $"row {missing}");
            expected[missing] = found[missing];
        }

        RowValues.AssertSame(expected, found, tolerance: 1e-6f, what: "rows with an image");
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void ASingleRowHasTheValuesOfTransform(string name)
    {
        var model = ModelOf(name);
        string[] outputs = Subject(name).Outputs;
        Assert.IsTrue(model.IsRowToRowMapper);
        var mapper = model.GetRowToRowMapper(_data.Schema);
        using var cursor = _data.GetRowCursor(_data.Schema);
        using var row = mapper.GetRow(cursor, mapper.OutputSchema);
        Func<object>[] getters = [.. outputs.Select(o => RowValues.Getter(row, mapper.OutputSchema[o]))];
        var found = new List<object[]>();
        while (cursor.MoveNext())
            found.Add([.. getters.Select(g => g())]);

        RowValues.AssertSame(RowValues.Read(model.Transform(_data), outputs), [.. found], tolerance: 1e-5f);
        Assert.AreSame(_data.Schema, mapper.InputSchema);
        CollectionAssert.AreEqual(new[] { "Image" }, mapper.GetDependencies([mapper.OutputSchema[outputs[0]]]).Select(c => c.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "Number" }, mapper.GetDependencies([mapper.OutputSchema["Number"]]).Select(c => c.Name).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void AMissingOrWrongColumnIsNamed(string name)
    {
        var subject = Subject(name);
        foreach (string column in subject.TrainingColumns)
        {
            var without = _parts.Context.Transforms.DropColumns(column).Fit(_data).Transform(_data);
            var wrong = _parts.Context.Transforms.CopyColumns(column, "Number").Fit(without).Transform(without);
            foreach (var data in new[] { without, wrong })
            {
                if (subject.Estimator is { } make)
                {
                    AssertNamed(() => make(_parts).GetOutputSchema(SchemaShape.Create(data.Schema)));
                    AssertNamed(() => make(_parts).Fit(data));
                }

                if (column != "Image")
                    continue;
                AssertNamed(() => ModelOf(name).GetOutputSchema(data.Schema));
                AssertNamed(() => ModelOf(name).Transform(data));
                AssertNamed(() => ModelOf(name).GetRowToRowMapper(data.Schema));
            }

            void AssertNamed(Action action) => Assert.Contains($"'{column}'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(action).Message);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void ALoadedModelHasTheSameBits(string name)
    {
        var model = ModelOf(name);
        using var stream = new MemoryStream();
        if (Subject(name).UsesModel)
        {
            Assert.Contains($"'{Subject(name).Outputs[0]}'", Assert.ThrowsExactly<NotSupportedException>(() => _parts.Context.Model.Save(model, _data.Schema, stream)).Message);
            return;
        }

        _parts.Context.Model.Save(model, _data.Schema, stream);
        stream.Position = 0;
        var loaded = new MLContext(seed: 5).Model.Load(stream, out var schema);
        using var owner = (IDisposable)loaded;

        CollectionAssert.AreEqual(Describe(_data.Schema), Describe(schema));
        CollectionAssert.AreEqual(Describe(model.GetOutputSchema(_data.Schema)), Describe(loaded.GetOutputSchema(_data.Schema)));
        string[] outputs = Subject(name).Outputs;
        Batch(model, usual: true);
        object[][] expected = RowValues.Read(model.Transform(_data), outputs);
        Batch(model, usual: false);
        RowValues.AssertSame(expected, RowValues.Read(loaded.Transform(_data), outputs));
        Assert.AreEqual(Handling(model), Handling(loaded is TransformerChain<ITransformer> chain ? chain.LastTransformer : loaded));
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void ADisposedModelSaysSo(string name)
    {
        var made = Subject(name).Make(_parts, _data);
        var result = made.Transformer.Transform(_data);
        var mapper = made.Transformer.GetRowToRowMapper(_data.Schema);
        made.Dispose();
        made.Dispose();

        using var cursor = _data.GetRowCursor(_data.Schema);
        foreach (Action use in new Action[]
        {
            () => made.Transformer.Transform(_data),
            () => made.Transformer.GetRowToRowMapper(_data.Schema),
            () => RowValues.Read(result, Subject(name).Outputs),
            () => mapper.GetRow(cursor, mapper.OutputSchema),
        })
        {
            Assert.Contains("was disposed", Assert.ThrowsExactly<ObjectDisposedException>(use).Message);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void NativeMemoryComesBack(string name)
    {
        // An explanation builds a network with one block for each batch of images.
        int explained = Subject(name).UsesModel ? 2 * (_parts.Model.Architecture with { Depth = 1 }).Parameters().Count() : 0;
        LiveTensors.AssertSameAfter(() => RowValues.Read(ModelOf(name).Transform(_data), Subject(name).Outputs), explained);
        LiveTensors.AssertSameAfter(() =>
        {
            using var made = Subject(name).Make(_parts, _data);
            RowValues.Read(made.Transformer.Transform(_data), Subject(name).Outputs);
        }, parametersCreated: name.StartsWith("trainer", StringComparison.Ordinal) ? TinyTraining.Parameters : explained);
    }

    [TestMethod]
    [DynamicData(nameof(Subjects))]
    public void TheSameSeedGivesTheSameAndTwoModelsAreTwo(string name)
    {
        string[] outputs = Subject(name).Outputs;
        var first = Subject(name).Make(_parts with { Context = new MLContext(seed: 3) }, _data);
        object[][] expected = RowValues.Read(first.Transformer.Transform(_data), outputs);
        using var second = Subject(name).Make(_parts with { Context = new MLContext(seed: 3) }, _data);
        using var cursor = second.Transformer.Transform(_data).GetRowCursor(outputs.Select(o => second.Transformer.GetOutputSchema(_data.Schema)[o]));

        RowValues.AssertSame(expected, RowValues.Read(first.Transformer.Transform(_data), outputs), what: "the first beside the second");
        first.Dispose();

        RowValues.AssertSame(expected, RowValues.Read(cursor, outputs), what: "the second after the first was disposed");
    }

    private static ContractSubject Subject(string name) => ContractSubject.All.Single(s => s.Name == name);

    /// <summary>A model that several tests share; it scores batches that are smaller than the data.</summary>
    private static ITransformer ModelOf(string name)
    {
        if (!_made.TryGetValue(name, out var made))
        {
            _made[name] = made = Subject(name).UsesModel ? new(Subject(name).Estimator!(_parts).Fit(_data), _parts.Model) : Subject(name).Make(_parts, _data);
            Batch(made.Transformer, usual: false);
        }

        return made.Transformer;
    }

    private static IDataView ViewOf(string name) => ContractView.All.SingleOrDefault(v => v.Name == name) is { } view
        ? view.Make(_parts.Context, _data, Path.Combine(_folder.Path, "images"))
        : ModelOf(name).Transform(_data);

    private static int RowsOf(string name) => ContractView.All.SingleOrDefault(v => v.Name == name)?.Rows(Rows) ?? Rows;

    private static void Batch(ITransformer model, bool usual)
    {
        if (model is VisionTransformerPredictionTransformer classifier)
            classifier.ScoringBatchSize = usual ? 16 : BatchSize;
        else if (model is VisionTransformerFeatureTransformer features)
            features.ScoringBatchSize = usual ? 16 : BatchSize;
    }

    private static InvalidImageHandling Handling(ITransformer model) => model switch
    {
        VisionTransformerPredictionTransformer classifier => classifier.OnInvalidImage,
        VisionTransformerFeatureTransformer features => features.OnInvalidImage,
        _ => _parts.Model.OnInvalidImage,
    };

    private static IDataView Keyed(MLContext context, ColoredSample[] samples)
    {
        var data = context.Data.LoadFromEnumerable(samples);
        return context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.Conversion.ConvertType("Weight", "Number"))
            .Fit(data)
            .Transform(data);
    }

    private static string[] Describe(DataViewSchema schema) =>
        [.. schema.Select(c => $"{c.Name}: {c.Type}{(c.IsHidden ? ", hidden" : "")} [{string.Join(", ", c.Annotations.Schema.Select(a => $"{a.Name}: {a.Type}"))}]")];

    private static string Describe(SchemaShape.Column column) =>
        $"{column.Name}: {column.Kind} of {(column.IsKey ? "key " : "")}{column.ItemType} [{string.Join(", ", column.Annotations.Select(a => $"{a.Name}: {a.Kind} of {(a.IsKey ? "key " : "")}{a.ItemType}").Order(StringComparer.Ordinal))}]";
}
