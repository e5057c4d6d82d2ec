// scaffold: the generated project compiles, runs, and predicts like the model.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class ScaffoldTests
{
    [TestMethod]
    public void TheProjectBuildsPredictsEvaluatesAndTrains()
    {
        Requires.SlowTests();
        using var folder = new TemporaryFolder();
        string project = folder.File("Colored", "x")[..^2];
        CliRun.Done("scaffold", ColoredModel.Zip, "--out", project, "--name", "Colored", "--library", Path.Combine(SourceTree.Library, "Microsoft.ML.VisionTransformer.csproj"));

        Dotnet("build", project, "-c", "Release", "-p:WarningLevel=4", "-v", "q");
        string program = Path.Combine(project, "bin", "Release", "net10.0", "Colored.dll"), image = ColoredModel.Image("red");

        Assert.AreEqual(CliRun.Done("predict", ColoredModel.Zip, image).Output, Dotnet(program, image));
        string accuracy = CliRun.Done("evaluate", ColoredModel.Zip, "--data", ColoredModel.Images).OutputLines[0].Split("accuracy ")[1].Split(',')[0];
        StringAssert.StartsWith(Dotnet(program, "evaluate", ColoredModel.Images), $"accuracy {accuracy}");
        Dotnet(program, "train", ColoredModel.Images, folder.File("again.zip"));
        StringAssert.Contains(CliRun.Done("info", folder.File("again.zip")).Output, $"images of 16x16, patches of 8x8, 2 blocks of width {ColoredModel.Width}");
    }

    [TestMethod]
    public void TheFilesHaveModelBuildersNamesAndThePackageIsReferenced()
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.Done("scaffold", ColoredModel.Zip, "--out", folder.Path);

        CollectionAssert.AreEqual(
            new[] { "Colored.consumption.cs", "Colored.training.cs", "Colored.evaluate.cs", "Program.cs", "Colored.csproj", "Colored.zip" },
            run.OutputLines.Select(Path.GetFileName).ToArray());
        StringAssert.Contains(File.ReadAllText(folder.File("Colored.csproj")), "<PackageReference Include=\"Microsoft.ML.VisionTransformer\" Version=\"");
    }

    [TestMethod]
    public void ExistingFilesAreKeptUnlessForced()
    {
        using var folder = new TemporaryFolder();
        CliRun.Done("scaffold", ColoredModel.Zip, "--out", folder.Path);
        File.WriteAllText(folder.File("Program.cs"), "mine");

        CliRun.Of("scaffold", ColoredModel.Zip, "--out", folder.Path).AssertFailed(1, "already exists; --force replaces it");
        Assert.AreEqual("mine", File.ReadAllText(folder.File("Program.cs")));
        CliRun.Done("scaffold", ColoredModel.Zip, "--out", folder.Path, "--force");
        Assert.AreNotEqual("mine", File.ReadAllText(folder.File("Program.cs")));
    }

    private static string Dotnet(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", args) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, string.Create(CultureInfo.InvariantCulture, $"dotnet {string.Join(' ', args)}: {output.Result} {error.Result}"));
        return output.Result.ReplaceLineEndings("\n");
    }
}
