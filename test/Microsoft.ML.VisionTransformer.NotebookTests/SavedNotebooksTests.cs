// The saved notebooks are valid, match their programs, and contain outputs and images.
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using NotebookRunner;
using NotebookRunner.Model;
using NotebookRunner.Programs;

namespace Microsoft.ML.VisionTransformer.NotebookTests;

[TestClass]
public sealed class SavedNotebooksTests
{
    public static IEnumerable<object[]> Names => NotebookFolder.Programs([]).Select(t => new object[] { t.Notebook.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task TheFileIsValid(string name) => Assert.AreEqual("", await NotebookSchema.ErrorsAsync(Program(name).NotebookPath));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void TheCellsAreThoseOfTheProgram(string name)
    {
        var program = Program(name);
        var saved = NotebookFile.Read(program.NotebookPath);

        string[] was = [.. saved.Cells.Select(Source)], now = [.. program.Notebook.Cells.Select(Source)];
        CollectionAssert.AreEqual(now, was, $"Run: {NotebookFolder.Regenerate}");

        static string Source(NotebookCell cell) => $"{cell.Kind} {cell.Id} {string.Join(' ', cell.Tags)}\n{cell.Source}";
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void EveryCellWasRunInOrder_AndThereAreImages(string name)
    {
        var cells = NotebookFile.Read(Program(name).NotebookPath).Cells.Where(c => c.Kind == CellKind.Code).ToArray();

        CollectionAssert.AreEqual(Enumerable.Range(1, cells.Length).ToArray(), cells.Select(c => c.ExecutionCount).ToArray());
        var outputs = cells.SelectMany(c => c.Outputs).ToArray();
        Assert.IsNotEmpty(outputs.OfType<DisplayOutput>().Where(o => o.Data.ContainsKey("image/jpeg")));
        Assert.IsEmpty(outputs.OfType<StreamOutput>().Where(o => o.Name != "stdout"));
    }

    [TestMethod]
    public void EveryFileHasItsProgram() => CollectionAssert.AreEquivalent(
        NotebookFolder.Programs([]).Select(t => t.NotebookPath).ToArray(), Directory.GetFiles(NotebookFolder.Path, "*" + NotebookFile.Extension));

    private static NotebookProgram Program(string name) => NotebookFolder.Programs([name]).Single();
}
