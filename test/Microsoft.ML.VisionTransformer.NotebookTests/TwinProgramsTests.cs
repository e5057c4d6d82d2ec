// The programs that the notebooks are made from, as programs.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner;
using NotebookRunner.Model;
using NotebookRunner.Twins;

namespace Microsoft.ML.VisionTransformer.NotebookTests;

[TestClass]
public sealed class TwinProgramsTests
{
    /// <summary>Characters that a line of code may have, to be read without scrolling at a width of 1200 pixels.</summary>
    private const int LongestLine = 115;

    private const int TimeoutMilliseconds = 300_000;

    public static IEnumerable<object[]> Names => NotebookFolder.Twins([]).Select(t => new object[] { t.Notebook.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void ItCompilesWithoutAWarning(string name) =>
        Assert.AreEqual("", string.Join('\n', TwinCompilation.Complaints(NotebookFolder.Twins([name]).Single())));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void ItsCodeFitsThePage(string name)
    {
        var shown = NotebookFolder.Twins([name]).Single().Notebook.Cells.Where(c => c.Kind == CellKind.Code && !c.Tags.Contains(NotebookCell.Folded));

        Assert.AreEqual("", string.Join('\n', shown.SelectMany(c => c.Source.Split('\n')).Where(line => line.Length > LongestLine)));
    }

    /// <summary>A program is one file, so what all of them need is in each of them.</summary>
    [TestMethod]
    public void WhatTheyHaveInCommonIsTheSameInAll()
    {
        var twins = NotebookFolder.Twins([]);

        Assert.HasCount(1, twins.Select(t => t.TwinOnly.Single()).Distinct());
        Assert.HasCount(1, twins.Select(t => t.Notebook.Cells.First(c => c.Tags.Contains(NotebookCell.Folded)).Source).Distinct());
    }

    /// <summary>One stands for all: the others differ from it in code that the notebooks run and the compiler has seen.</summary>
    [TestMethod]
    public void DotnetRunRunsOne()
    {
        Requires.SlowTests();
        string program = NotebookFolder.Twins(["05"]).Single().Path;
        var start = new ProcessStartInfo("dotnet", ["run", "-c", "Release", program]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["OMP_NUM_THREADS"] = "1";    // other tests keep the processors busy, and threads that wait for each other then take minutes
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeoutMilliseconds))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end.");
        }

        Assert.AreEqual(0, process.ExitCode, $"{output.Result}\n{error.Result}");
        StringAssert.Contains(output.Result, "a plum is taken for a plum");
        StringAssert.Contains(output.Result, "characters of HTML: open ");
        Assert.IsEmpty(Directory.GetDirectories(NotebookFolder.Path), "building a program leaves nothing beside it");
    }
}
