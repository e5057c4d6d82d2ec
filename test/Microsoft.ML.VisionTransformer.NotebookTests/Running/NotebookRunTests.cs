// Outputs of cells are captured; a failing cell ends the run with its location, and nothing is written.
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner.Model;
using NotebookRunner.Running;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Running;

[TestClass]
public sealed class NotebookRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task TextHtmlAndImagesAreCapturedInOrder()
    {
        var outputs = await OutputsAsync("""
            Console.Write("a");
            Console.WriteLine("b");
            display(HTML("<b>bold</b>"));
            display(HTML("<img alt='dot' src='data:image/png;base64,AAAA'>"));
            display(HTML("<svg xmlns='x'><path/></svg>"));
            Console.Error.WriteLine("c");
            """);

        string[] expected =
        [
            "stdout ab\n",
            "text/html <b>bold</b>",
            "image/png AAAA; text/plain dot",
            "image/svg+xml <svg xmlns='x'><path/></svg>",
            "stderr c\n",
        ];
        CollectionAssert.AreEqual(expected, outputs.ToArray());
    }

    [TestMethod]
    public async Task CellsShareVariablesFunctionsAndTypes_AndMayAwait()
    {
        var program = ProgramText.Read(_folder, """
            // A program.
            // %%
            using System;
            // %%
            var row = new Row(20);
            int Twice(int x) => 2 * x;
            // %%
            await System.Threading.Tasks.Task.Delay(1);
            Console.WriteLine(Twice(row.X + 1));
            // %% [types]
            public sealed record Row(int X);
            """);

        var cells = (await NotebookRun.RunAsync(program)).Cells;

        Assert.AreEqual(new StreamOutput("stdout", "42\n"), cells[^1].Outputs.Single());
        CollectionAssert.AreEqual(new int?[] { 1, 2, 3, 4 }, cells.Select(c => c.ExecutionCount).ToArray());
    }

    [TestMethod]
    [DataRow("int x = \"text\";", "line 3 (line 10 of 00-test.cs): CS0029: Cannot implicitly convert type 'string' to 'int'")]
    [DataRow("throw new InvalidOperationException(\"not now\");", "line 3 (line 10 of 00-test.cs): InvalidOperationException: not now")]
    [DataRow("int.Parse(\"text\");", "line 3 (line 10 of 00-test.cs): FormatException: ")]
    public async Task AFailingCellEndsTheRun_WithNotebookCellLineAndReason(string statement, string reason)
    {
        var console = Console.Out;
        string before = "// A program.\n// %% [markdown]\n// Text.\n// %%\nusing System;\n\n// %%\nConsole.WriteLine();\n\n";
        var program = ProgramText.Read(_folder, $"{before}{statement}\n// %%\nint never;");

        var error = await Assert.ThrowsExactlyAsync<NotebookCellException>(() => NotebookRun.RunAsync(program));

        StringAssert.StartsWith(error.Message, $"00-test, cell 3, {reason}");
        Assert.AreSame(console, Console.Out);
        Assert.IsFalse(File.Exists(program.NotebookPath));
    }

    [TestMethod]
    [DataRow("Microsoft.ML.VisionTransformer@9.9.9", "this build has Microsoft.ML.VisionTransformer/0.")]
    [DataRow("No.Such.Package@1.0.0", "this build lacks that package")]
    public async Task AMissingPackageIsNamed(string package, string reason)
    {
        var program = ProgramText.Read(_folder, $"// A program.\n#:package {package}\n// %% [packages]\n// %%\nint x;");

        var error = await Assert.ThrowsAsync<Exception>(() => NotebookRun.RunAsync(program));

        StringAssert.Contains(error.Message, package.Replace('@', '/'));
        StringAssert.Contains(error.Message, reason);
    }

    /// <summary>A notebook can use only the packages that it references, as in a user's kernel.</summary>
    [TestMethod]
    public async Task OnlyReferencedPackagesAreAvailable()
    {
        var program = ProgramText.Read(_folder, "// A program.\n// %%\nusing Microsoft.ML;");

        var error = await Assert.ThrowsExactlyAsync<NotebookCellException>(() => NotebookRun.RunAsync(program));

        StringAssert.Contains(error.Message, "CS0234");
    }

    private async Task<IEnumerable<string>> OutputsAsync(string code)
    {
        var notebook = await NotebookRun.RunAsync(ProgramText.Read(_folder, "// A program.\n// %%\nusing System;\n// %%\n" + code));
        return notebook.Cells[^1].Outputs.Select(o => o switch
        {
            StreamOutput stream => $"{stream.Name} {stream.Text}",
            DisplayOutput display => string.Join("; ", display.Data.Select(d => $"{d.Key} {d.Value}")),
            _ => "",
        });
    }
}
