// The programs that the notebooks are generated from compile, fit the page, and run.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner;
using NotebookRunner.Model;
using NotebookRunner.Programs;
using NotebookRunner.Running;

namespace Microsoft.ML.VisionTransformer.NotebookTests;

[TestClass]
public sealed class NotebookProgramsTests
{
    /// <summary>Maximum length of a line of code, so that it fits a page width of 1200 pixels.</summary>
    private const int LongestLine = 115;

    private const int TimeoutMilliseconds = 300_000;

    public static IEnumerable<object[]> Names => NotebookFolder.Programs([]).Select(t => new object[] { t.Notebook.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void ItCompilesWithoutAWarning(string name) =>
        Assert.AreEqual("", string.Join('\n', ProgramCompilation.Diagnostics(NotebookFolder.Programs([name]).Single())));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void ItsCodeFitsThePage(string name)
    {
        var shown = NotebookFolder.Programs([name]).Single().Notebook.Cells.Where(c => c.Kind == CellKind.Code && !c.Tags.Contains(NotebookCell.Folded));

        Assert.AreEqual("", string.Join('\n', shown.SelectMany(c => c.Source.Split('\n')).Where(line => line.Length > LongestLine)));
    }

    /// <summary>Each program is a single file, so shared code is repeated in all of them.</summary>
    [TestMethod]
    public void SharedCodeIsIdentical()
    {
        var programs = NotebookFolder.Programs([]);

        Assert.HasCount(1, programs.Select(t => t.ProgramOnly.Single()).Distinct());
        Assert.HasCount(1, programs.Select(t => t.Notebook.Cells.Single(c => c.Source.StartsWith("// Finding the photos", StringComparison.Ordinal)).Source).Distinct());
    }

    /// <summary>One program is enough: the code of the others is compiled and runs in the notebooks.</summary>
    [TestMethod]
    public void DotnetRunRunsOne()
    {
        Requires.SlowTests();
        string program = NotebookFolder.Programs(["05"]).Single().Path;
        var start = new ProcessStartInfo("dotnet", ["run", "-c", "Release", program]) { WorkingDirectory = SourceTree.Root, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var model = new LocalModel(NotebookModel.Small);
        start.Environment["HF_HUB_CACHE"] = Environment.GetEnvironmentVariable("HF_HUB_CACHE");
        start.Environment["HF_HUB_OFFLINE"] = "1";
        start.Environment["OMP_NUM_THREADS"] = "1";    // on a busy machine, several OpenMP threads that wait for each other take minutes
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeoutMilliseconds))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end.");
        }

        Assert.AreEqual(0, process.ExitCode, $"{output.Result}\n{error.Result}");
        StringAssert.Contains(output.Result, "PredictedLabel: String");
        StringAssert.Contains(output.Result, "characters of HTML: open ");
        CollectionAssert.AreEqual(
            new[] { Path.Combine(NotebookFolder.Path, "photos") }, Directory.GetDirectories(NotebookFolder.Path), "building a program must not create folders next to it");
    }
}
