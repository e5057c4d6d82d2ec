// The examples in the XML documentation are programs that compile and run.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

/// <summary><c>ExampleTests</c> of the documentation's tests checks that every public type has one.</summary>
[TestClass]
public sealed class ExamplesRunTests(TestContext context)
{
    [TestMethod]
    public void EveryExampleCompilesWithoutWarnings()
    {
        string[] faults = [.. DocumentedExample.All.SelectMany(e => e.Faults())];

        Assert.IsEmpty(faults, string.Join('\n', faults));
        Assert.IsGreaterThan(20, DocumentedExample.All.Count, "examples found");
    }

    [TestMethod]
    public void EveryExampleRunsInAFolderWithTheFlowers()
    {
        Requires.SlowTests();
        var faults = DocumentedExample.All.Select(RunInTemporaryFolder).OfType<string>().ToArray();

        Assert.IsEmpty(faults, string.Join('\n', faults));
    }

    [TestMethod]
    public void WhatAnExampleThrowsIsReportedWithItsLine() =>
        Assert.AreEqual("X.Do(2): InvalidOperationException: why", new DocumentedExample("X.Do", "int a = 1;\nthrow new InvalidOperationException(\"why\");").Run());

    [TestMethod]
    public void AnErrorOfTheCompilerIsReportedWithItsLine() =>
        StringAssert.StartsWith(new DocumentedExample("X.Do", "int a = 1;\nConsole.WriteLine(b);").Faults()[0], "X.Do(2,19): error CS0103");

    private string? RunInTemporaryFolder(DocumentedExample example)
    {
        using var work = new TemporaryFolder();
        foreach (string photo in Directory.EnumerateFiles(TestData.Flowers, "*.jpg", SearchOption.AllDirectories))
            File.Copy(photo, work.File("flowers", Path.GetRelativePath(TestData.Flowers, photo)));
        string before = Environment.CurrentDirectory;
        var output = Console.Out;
        var watch = Stopwatch.StartNew();
        using var printed = new StringWriter();
        try
        {
            Environment.CurrentDirectory = work.Path;
            Console.SetOut(printed);
            return example.Run();
        }
        finally
        {
            Console.SetOut(output);
            Environment.CurrentDirectory = before;
            context.WriteLine($"{example.Name} ({watch.Elapsed.TotalSeconds:F1} s)\n{printed}");
        }
    }
}
