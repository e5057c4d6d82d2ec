// Training from all kinds of data views: memory, files, a database, and rows that can be read only once.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Data;

[TestClass]
public sealed class DataKindsTests
{
    [TestMethod]
    public void RowsThatPassByOnceAreEnoughForAllEpochs()
    {
        var context = new MLContext(seed: 1);
        int passes = 0;

        float[] losses = Train(context.Data.LoadFromEnumerable(Streamed()), "Image");

        Assert.AreEqual(1, passes);
        CollectionAssert.AreEqual(FromMemory(), losses);

        IEnumerable<KeyedImage> Streamed()
        {
            if (++passes > 1)
                throw new InvalidOperationException("The rows have passed.");
            foreach (var row in KeyedImage.Make(perClass: 6))
                yield return row;
        }
    }

    [TestMethod]
    public void ABinaryFileGivesTheModelThatMemoryGives()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        string path = folder.File("rows.idv");
        using (var stream = File.Create(path))
            context.Data.SaveAsBinary(context.Data.LoadFromEnumerable(KeyedImage.Make(perClass: 6)), stream);

        CollectionAssert.AreEqual(FromMemory(), Train(context.Data.LoadFromBinary(path), "Image"));
    }

    [TestMethod]
    public void ATextFileOfPathsGivesTheModelThatMemoryGives()
    {
        using var folder = new TemporaryFolder();
        string table = folder.File("rows.tsv");
        File.WriteAllLines(table, WriteImages(folder).Select(r => $"{r.Path}\t{r.Label}"));
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromTextFile(
            table, [new("Path", DataKind.String, 0), new("Label", DataKind.UInt32, [new TextLoader.Range(1)], new KeyCount(3))], separatorChar: '\t');

        CollectionAssert.AreEqual(FromMemory(), Train(data, "Path"));
    }

    [TestMethod]
    public void ADatabaseGivesTheModelThatMemoryGives()
    {
        using var folder = new TemporaryFolder();
        using var table = new System.Data.DataTable();
        table.Columns.Add("Path", typeof(string));
        table.Columns.Add("Label", typeof(int));
        foreach (var (path, label) in WriteImages(folder))
            table.Rows.Add(path, (int)label + 1);    // this loader takes a key as it is, from 1; the others count from 0
        var context = new MLContext(seed: 1);
        var loader = context.Data.CreateDatabaseLoader(
            new DatabaseLoader.Column("Path", System.Data.DbType.String, 0),
            new DatabaseLoader.Column { Name = "Label", Type = System.Data.DbType.UInt32, Source = [new DatabaseLoader.Range(1)], KeyCount = new KeyCount(3) });

        CollectionAssert.AreEqual(FromMemory(), Train(loader.Load(new DatabaseSource(new TableDatabase(table), "any", "select")), "Path"));
    }

    private static float[] FromMemory()
    {
        var context = new MLContext(seed: 1);
        return Train(context.Data.LoadFromEnumerable(KeyedImage.Make(perClass: 6)), "Image");
    }

    private static IEnumerable<(string Path, uint Label)> WriteImages(TemporaryFolder folder) =>
        KeyedImage.Make(perClass: 6).Select((row, i) =>
        {
            string path = folder.File("images", $"{i}.png");
            File.WriteAllBytes(path, row.Image);
            return (path, row.Label);
        });

    /// <summary>Training loss of each epoch. The context is a new one: loaders draw from the random numbers of theirs.</summary>
    private static float[] Train(IDataView data, string column)
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options(epochs: 2);
        options.FeatureColumnName = column;
        using var model = context.MulticlassClassification.Trainers.VisionTransformer(options).Fit(data);
        return [.. model.TrainingHistory!.Epochs.Select(e => (float)e.TrainingLoss)];
    }
}
