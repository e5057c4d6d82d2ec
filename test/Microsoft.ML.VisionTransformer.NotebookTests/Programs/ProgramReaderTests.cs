// A program becomes a notebook, and errors in its format are reported with their line.
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner.Model;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Programs;

[TestClass]
public sealed class ProgramReaderTests : IDisposable
{
    private const string Program = """
        // A program.
        #:package One@1.0
        #:package Two@2.0-beta
        #:property PublishAot=false

        // %% [markdown]
        // # Title
        //
        // Text.

        // %% [packages]

        // %%
        using System;

        // %% varies folded

        Console.WriteLine(1);

        Console.WriteLine(2);

        // %% [program]
        static void display() { }

        // %% [types]
        sealed class Row;
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void SectionsBecomeCells_TypesFollowTheFirstCode()
    {
        var cells = ProgramText.Read(_folder, Program).Notebook.Cells;

        string[] expected =
        [
            "# Title\n\nText.",
            "#r \"nuget: One, 1.0\"\n#r \"nuget: Two, 2.0-beta\"",
            "using System;",
            "sealed class Row;",
            "Console.WriteLine(1);\n\nConsole.WriteLine(2);",
        ];
        CollectionAssert.AreEqual(expected, cells.Select(c => c.Source).ToArray());
        CollectionAssert.AreEqual(new[] { 7, 0, 14, 26, 18 }, cells.Select(c => c.Line).ToArray());
        CollectionAssert.AreEqual(new[] { NotebookCell.Varies, NotebookCell.Folded }, cells[^1].Tags.ToArray());
        Assert.AreEqual(CellKind.Markdown, cells[0].Kind);
    }

    [TestMethod]
    public void CodeForTheProgramAloneIsSeparate() =>
        Assert.AreEqual("static void display() { }", ProgramText.Read(_folder, Program).ProgramOnly.Single());

    [TestMethod]
    public void IdsAreUnique_AndStayWhenACellIsAdded()
    {
        var before = ProgramText.Read(_folder, "// A.\n// %%\nint a;\n// %%\nint b;\n// %%\nint b;").Notebook.Cells;
        var after = ProgramText.Read(_folder, "// A.\n// %%\nint a;\n// %%\nint c;\n// %%\nint b;\n// %%\nint b;").Notebook.Cells;

        Assert.HasCount(3, before.Select(c => c.Id).Distinct());
        CollectionAssert.IsSubsetOf(before.Select(c => c.Id).ToArray(), after.Select(c => c.Id).ToArray());
    }

    [TestMethod]
    [DataRow("// %% [markdown]\n// text\ncode();", "line 4: a line of text must start with '// '")]
    [DataRow("// %% sometimes\ncode();", "line 3: the tag 'sometimes' is unknown; known tags are varies, folded")]
    [DataRow("// %% [markup]\n// text", "line 3: a section '[markup]' is unknown")]
    [DataRow("#:package One", "'#:package One' should be '#:package <id>@<version>'")]
    public void AFormatErrorIsReportedWithItsLine(string text, string reason)
    {
        var error = Assert.ThrowsExactly<InvalidDataException>(() => ProgramText.Read(_folder, "// A program.\n" + text));

        StringAssert.Contains(error.Message, "00-test.cs");
        StringAssert.Contains(error.Message, reason);
    }
}
