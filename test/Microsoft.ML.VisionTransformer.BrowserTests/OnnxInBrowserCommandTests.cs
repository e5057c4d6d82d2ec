// The sample OnnxInBrowser at the command line, and what its server answers, without a browser.
using System.Net;
using Microsoft.ML.VisionTransformer.BrowserTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.BrowserTests;

[TestClass]
public sealed class OnnxInBrowserCommandTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("", "Which ONNX file?")]
    [DataRow("no-such.onnx", "no-such.onnx is not there")]
    [DataRow("--host 0.0.0.0", "'--host' is not an option")]
    [DataRow("a.onnx b.onnx", "a.onnx and b.onnx are two")]
    [DataRow("a.onnx --port", "--port needs a value")]
    [DataRow("a.onnx --port 70000", "--port 70000")]
    [DataRow("a.onnx --port -1", "--port -1")]
    public void WrongArguments_ExitWithTwoTheReasonAndTheUsage(string arguments, string reason)
    {
        var (exitCode, output, error) = SampleProgram.Run(SampleProgram.Folder, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.AreEqual(2, exitCode);
        StringAssert.Contains(error.Split('\n')[0], reason);
        StringAssert.Contains(error, "OnnxInBrowser <model.onnx>");
        Assert.AreEqual("", output);
    }

    [TestMethod]
    public void Help_ExitsWithZeroAndTheUsage()
    {
        var (exitCode, output, _) = SampleProgram.Run(SampleProgram.Folder, ["--help"]);

        Assert.AreEqual(0, exitCode);
        StringAssert.Contains(output, "--port N");
    }

    [TestMethod]
    public void WithoutNpm_TheFirstStartExitsWithOneAndSaysWhatIsNeeded()
    {
        using var work = new TemporaryFolder();
        CopyWithoutRuntime(work);
        string model = work.File("model.onnx");
        File.WriteAllText(model, "");

        var (exitCode, _, error) = SampleProgram.Run(work.Path, [model], start => start.Environment["PATH"] = work.Path);

        Assert.AreEqual(1, exitCode);
        Assert.AreEqual("npm is needed once, to fetch onnxruntime-web, and does not start. Install Node.js, which has it, and start again.", error.Trim());
        Assert.IsEmpty(Directory.GetDirectories(work.Path, "npm-*"));
        Assert.IsEmpty(Directory.GetDirectories(work.Path, "onnxruntime-web*"));
    }

    [TestMethod]
    public void WhatNpmInstallsFromNamesNoRegistry()
    {
        string sample = Path.Combine(SourceTree.Root, "docs", "samples", "OnnxInBrowser");
        foreach (string file in new[] { "package.json", "package-lock.json", ".npmrc" })
            Assert.DoesNotContain("://", File.ReadAllText(Path.Combine(sample, file)), file);
    }

    [TestMethod]
    [DataRow("", HttpStatusCode.OK)]
    [DataRow("page.js", HttpStatusCode.OK)]
    [DataRow("model", HttpStatusCode.OK)]
    [DataRow("model.data", HttpStatusCode.NotFound)]
    [DataRow("appsettings.json", HttpStatusCode.NotFound)]
    [DataRow("..%2fpackage.json", HttpStatusCode.NotFound)]
    [DataRow("onnxruntime-web/..%2f..%2fpackage.json", HttpStatusCode.NotFound)]
    public async Task OnlyThePageItsRuntimeAndTheModelAreServed(string address, HttpStatusCode status)
    {
        SampleServer.Require();
        using var work = new TemporaryFolder();
        string model = work.File("model.onnx");
        await File.WriteAllTextAsync(model, "model", TestContext.CancellationToken);
        using var server = SampleServer.Start(model);
        using var client = new HttpClient();

        using var answer = await client.GetAsync(new Uri(server.Address + address), TestContext.CancellationToken);

        Assert.AreEqual(status, answer.StatusCode);
        StringAssert.Contains(answer.Headers.GetValues("Content-Security-Policy").Single(), "default-src 'none'");
    }

    [TestMethod]
    public void APortThatIsTaken_ExitsWithOneAndNamesIt()
    {
        SampleServer.Require();
        using var work = new TemporaryFolder();
        string model = work.File("model.onnx");
        File.WriteAllText(model, "");
        using var server = SampleServer.Start(model);
        string port = new Uri(server.Address).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

        var (exitCode, _, error) = SampleProgram.Run(SampleProgram.Folder, [model, "--port", port]);

        Assert.AreEqual(1, exitCode);
        StringAssert.Contains(error, port);
        Assert.HasCount(1, error.TrimEnd().Split('\n'));
    }

    /// <summary>The program as it is built, without what npm fetched into its folder.</summary>
    private static void CopyWithoutRuntime(TemporaryFolder work)
    {
        foreach (string file in Directory.EnumerateFiles(SampleProgram.Folder, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(SampleProgram.Folder, file);
            if (!name.StartsWith("onnxruntime-web", StringComparison.Ordinal) && !name.StartsWith("npm-", StringComparison.Ordinal))
                File.Copy(file, work.File(name));
        }
    }
}
