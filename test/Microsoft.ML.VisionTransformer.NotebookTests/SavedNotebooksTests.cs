// The notebooks as they are saved: of the format, made from the programs beside them, with outputs and pictures.
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using NotebookRunner;
using NotebookRunner.Comparing;
using NotebookRunner.Model;
using NotebookRunner.Twins;

namespace Microsoft.ML.VisionTransformer.NotebookTests;

[TestClass]
public sealed class SavedNotebooksTests
{
    public static IEnumerable<object[]> Names => NotebookFolder.Twins([]).Select(t => new object[] { t.Notebook.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task TheFileIsOfTheFormat(string name) => Assert.AreEqual("", await NotebookSchema.FaultsAsync(Twin(name).NotebookPath));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void TheCellsAreThoseOfTheProgram(string name)
    {
        var twin = Twin(name);
        var saved = NotebookFile.Read(twin.NotebookPath);

        Assert.IsTrue(NotebookComparison.Layout(saved).Select(Source).SequenceEqual(NotebookComparison.Layout(twin.Notebook).Select(Source)), $"Run: {NotebookFolder.Regenerate}");

        // Without the line of kind, id, tags and place.
        static string Source(string cell) => cell[(cell.IndexOf('\n') + 1)..];
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void EveryCellWasRunInOrder_AndThereArePictures(string name)
    {
        var cells = NotebookFile.Read(Twin(name).NotebookPath).Cells.Where(c => c.Kind == CellKind.Code).ToArray();

        CollectionAssert.AreEqual(Enumerable.Range(1, cells.Length).ToArray(), cells.Select(c => c.ExecutionCount).ToArray());
        var outputs = cells.SelectMany(c => c.Outputs).ToArray();
        Assert.IsNotEmpty(outputs.OfType<DisplayOutput>().Where(o => o.Data.ContainsKey("image/png")));
        Assert.IsEmpty(outputs.OfType<StreamOutput>().Where(o => o.Name != "stdout"));
    }

    [TestMethod]
    public void EveryFileHasItsProgram() => CollectionAssert.AreEquivalent(
        NotebookFolder.Twins([]).Select(t => t.NotebookPath).ToArray(), Directory.GetFiles(NotebookFolder.Path, "*" + NotebookFile.Extension));

    private static Twin Twin(string name) => NotebookFolder.Twins([name]).Single();
}
