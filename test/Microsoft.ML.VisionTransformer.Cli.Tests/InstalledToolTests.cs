// Installs the packed tool into an empty folder and runs the commands of its documentation page, with a local hub server.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Tests.Checkpoints;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests;

[TestClass]
public sealed class InstalledToolTests(TestContext context)
{
    /// <summary>A folder with the packages of the library and the tool, in the same version; <c>.ci/run</c> creates it.</summary>
    private const string PackagesVariable = "VIT_PACKAGES", VersionVariable = "VIT_PACKAGES_VERSION";

    /// <summary>Exit codes of the commands that fail on purpose, by a substring of the command.</summary>
    private static readonly Dictionary<string, int> _failures = new() { ["no-such-folder"] = 1, ["--epoch 3"] = 2, ["--data broken"] = 1, ["--epochs 20"] = 1, ["vit-tinny"] = 1 };

    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(5);

    [TestMethod]
    public void EveryCommandOfThePageRuns()
    {
        Requires.If(Environment.GetEnvironmentVariable(PackagesVariable) is not null, $"{PackagesVariable}, a folder with the packages");
        string packages = Environment.GetEnvironmentVariable(PackagesVariable)!;
        using var folder = new TemporaryFolder();
        using var hub = Hub();
        MakeFiles(folder, packages);
        Run(folder, hub, $"dotnet tool install Microsoft.ML.VisionTransformer.Cli --version {Environment.GetEnvironmentVariable(VersionVariable)} --tool-path tools", 0);

        string[] commands = [.. Commands()];
        foreach (string command in commands)
            Run(folder, hub, command, _failures.FirstOrDefault(f => command.Contains(f.Key, StringComparison.Ordinal)).Value);

        Assert.IsGreaterThan(15, commands.Length, "commands found");
        Assert.IsNotEmpty(hub.Gets("model.safetensors"), "the weights came from the hub");
        foreach (string file in new[] { "flowers.zip", "flowers.html", "flowers.test.csv", "flowers.onnx", "flowers-timm/config.json", "roses.csv", "Flowers/Flowers.csproj" })
            Assert.IsTrue(File.Exists(Path.Combine(folder.Path, file)), file);
    }

    /// <summary>The lines that start with "$ ", in order, except the section on interrupted runs, which need Ctrl-C (see <c>InterruptionTests</c>), a training from scratch, which takes long, and the web service, which does not end (see <c>ScaffoldTests</c>).</summary>
    private static IEnumerable<string> Commands() => File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "command-line.md"))
        .SkipWhile(line => line != "## Training")
        .Where(line => line.StartsWith("$ ", StringComparison.Ordinal))
        .Select(line => line[2..])
        .Where(line => !line.Contains("small.zip", StringComparison.Ordinal) && !line.Contains("scratch.zip", StringComparison.Ordinal) && !line.Contains("--project FlowersService", StringComparison.Ordinal) && !line.Contains("curl", StringComparison.Ordinal) && line != "echo $?");

    /// <summary>Serves the weights and configuration of a small network for every model named on the page.</summary>
    private static HubServer Hub()
    {
        var hub = new HubServer();
        foreach (string file in Directory.EnumerateFiles(TestData.Path("golden", "checkpoints", "timm")))
            hub.Add("timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", Path.GetFileName(file), File.ReadAllBytes(file));
        return hub;
    }

    private static void MakeFiles(TemporaryFolder folder, string packages)
    {
        foreach (string photo in Directory.EnumerateFiles(TestData.Flowers, "*.jpg", SearchOption.AllDirectories))
            File.Copy(photo, folder.File("flowers", Path.GetRelativePath(TestData.Flowers, photo)));
        foreach (string photo in Directory.EnumerateFiles(Path.Combine(TestData.Flowers, "daisy")).Concat(Directory.EnumerateFiles(Path.Combine(TestData.Flowers, "roses"))))
            File.Copy(photo, folder.File("broken", Path.GetFileName(Path.GetDirectoryName(photo))!, Path.GetFileName(photo)));
        byte[] whole = File.ReadAllBytes(Directory.EnumerateFiles(folder.File("broken", "daisy")).First());
        File.WriteAllBytes(folder.File("broken", "daisy", "0-cut.jpg"), whole[..(whole.Length / 2)]);
        File.Copy(TestData.Path("bad-images", "0x0.png"), folder.File("0x0.png"));
        File.WriteAllText(folder.File("nuget.config"), $"<configuration><packageSources><add key=\"packed\" value=\"{packages}\" /></packageSources></configuration>");
    }

    private void Run(TemporaryFolder folder, HubServer hub, string command, int exitCode)
    {
        var start = new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{Path.Combine(folder.Path, "tools")}{Path.PathSeparator}{start.Environment["PATH"]}";
        start.Environment["HF_ENDPOINT"] = hub.Address.ToString().TrimEnd('/');
        start.Environment["HF_HOME"] = folder.File("hub", "x")[..^2];
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.IsTrue(process.WaitForExit(_timeout), $"{command} did not end");

        context.WriteLine($"$ {command}    ({clock.Elapsed.TotalSeconds:F1} s)\n{output}{error.Result}");
        Assert.AreEqual(exitCode, process.ExitCode, $"{command}\n{output}{error.Result}");
    }
}
