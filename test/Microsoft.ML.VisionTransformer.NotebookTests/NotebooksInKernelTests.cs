// Every saved notebook runs in the C# kernel of .NET Interactive, with the packed package that its first cell installs.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner;
using NotebookRunner.Comparing;
using NotebookRunner.Model;
using NotebookRunner.Running;

namespace Microsoft.ML.VisionTransformer.NotebookTests;

[TestClass]
public sealed class NotebooksInKernelTests
{
    /// <summary>A folder with the library's package, and its version; <c>.ci/run</c> creates it.</summary>
    private const string PackagesVariable = "VIT_PACKAGES", VersionVariable = "VIT_PACKAGES_VERSION";

#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(10);

    public static IEnumerable<object[]> Names => NotebookFolder.Programs([]).Select(t => new object[] { t.Notebook.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task WithASmallModel_NoCellFails_AndTheOutputsHaveTheSavedShape(string name)
    {
        Requires.SlowTests();
        Requires.If(Environment.GetEnvironmentVariable(PackagesVariable) is not null, $"{PackagesVariable}, a folder with the packages");
        string saved = NotebookFolder.Programs([name]).Single().NotebookPath;
        using var folder = new TemporaryFolder();
        using var model = new LocalModel(NotebookModel.Small);
        string output = folder.File($"{name}.ipynb");

        await RunAsync(saved, output, Environment.GetEnvironmentVariable(VersionVariable)!, Environment.GetEnvironmentVariable(PackagesVariable)!);

        Assert.AreEqual("", string.Join('\n', NotebookComparison.Differences(NotebookFile.Read(saved), NotebookFile.Read(output), sameModel: false)));
    }

    private static async Task RunAsync(params string[] arguments)
    {
        string program = Path.Combine(SourceTree.Root, "build", "NotebookKernel", "bin", Configuration, "net10.0", "NotebookKernel.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";    // on a busy machine, several OpenMP threads that wait for each other take minutes
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(_timeout);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{arguments[0]} did not end.");
        }

        Assert.AreEqual(0, process.ExitCode, $"{await output}\n{await error}");
    }
}
