// A notebook is written in the Jupyter format and read back; other files are rejected.
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner.Model;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Model;

[TestClass]
public sealed class NotebookFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "test.ipynb");

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task AWrittenNotebookIsValid_AndRoundTrips()
    {
        var display = new DisplayOutput(new Dictionary<string, string> { ["text/html"] = "<b>\n'ü' \"</b>", ["text/plain"] = "" });
        var code = new NotebookCell(CellKind.Code, "a();\n\nb();")
        {
            Id = "one",
            Tags = [NotebookCell.Folded],
            ExecutionCount = 1,
            Outputs = [new StreamOutput("stdout", "a\nb\n"), display],
        };

        NotebookFile.Write(File, new Notebook("test", [code, new(CellKind.Markdown, "# Title") { Id = "two" }]));

        Assert.AreEqual("", await NotebookSchema.ErrorsAsync(File));
        var read = NotebookFile.Read(File).Cells;
        Assert.AreEqual((code.Source, code.Id, code.ExecutionCount), (read[0].Source, read[0].Id, read[0].ExecutionCount));
        Assert.AreEqual(NotebookCell.Folded, read[0].Tags.Single());
        Assert.AreEqual(code.Outputs[0], read[0].Outputs[0]);
        CollectionAssert.AreEqual(display.Data.ToArray(), ((DisplayOutput)read[0].Outputs[1]).Data.ToArray());
        Assert.AreEqual((CellKind.Markdown, "# Title", "two"), (read[1].Kind, read[1].Source, read[1].Id));
    }

    [TestMethod]
    [DataRow("\"id\": \"one\"", "\"id\": \"not an id\"")]
    [DataRow("\"id\": \"one\",", "")]
    [DataRow("\"outputs\": []", "\"outputs\": [ { \"output_type\": \"error\" } ]")]
    [DataRow("\"nbformat\": 4", "\"nbformat\": 5")]
    [DataRow("\"code\"", "\"coda\"")]
    public async Task TheSchemaRejectsAnError(string right, string wrong)
    {
        NotebookFile.Write(File, new Notebook("test", [new(CellKind.Code, "a();") { Id = "one", ExecutionCount = 1 }]));
        string text = await System.IO.File.ReadAllTextAsync(File);
        StringAssert.Contains(text, right);

        await System.IO.File.WriteAllTextAsync(File, text.Replace(right, wrong, StringComparison.Ordinal));

        Assert.AreNotEqual("", await NotebookSchema.ErrorsAsync(File));
    }

    [TestMethod]
    [DataRow("no JSON")]
    [DataRow("{}")]
    [DataRow("{\"cells\": [{}]}")]
    public void AnInvalidNotebookIsRejected_AndTheMessageStatesTheRemedy(string text)
    {
        System.IO.File.WriteAllText(File, text);

        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => NotebookFile.Read(File)).Message, "run the notebooks again");
    }
}
