// scaffold: the files of a project; the projects build, predict like the model, and train it again.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class ScaffoldTests
{
    private const string Url = "http://127.0.0.1:0";

    /// <summary>Folders of classes, with characters that C#, MSBuild and settings treat specially.</summary>
    private static readonly string[] _classes = ["100%;$(a)", "it's {x}", "蒲公英 🌼"];

    private static readonly string _library = Path.Combine(SourceTree.Library, "Microsoft.ML.VisionTransformer.csproj");

    [TestMethod]
    public void AConsoleProgramPredictsEvaluatesAndTrainsTheSameModel()
    {
        Requires.SlowTests();
        using var folder = new TemporaryFolder();
        string images = Images(folder), model = folder.File("class.zip"), again = folder.File("again.zip");
        Train(
            folder, images, model, "fine-tune", "--epochs", "3", "--image-size", "24", "--patch-size", "8", "--batch-size", "8", "--seed", "5", "--mixup", "0.2", "--ema-decay", "0.9", "--calibrate",
            "--class-weights", $"{_classes[0]}=1,{_classes[1]}=2,{_classes[2]}=0.5");

        string program = Build(folder, model, "Class", "console");

        string image = Directory.EnumerateFiles(Path.Combine(images, _classes[1])).First();
        Assert.AreEqual(CliRun.Done("predict", model, image).Output, Dotnet(program, image));
        string accuracy = CliRun.Done("evaluate", model, "--data", folder.File("class.test.csv")).OutputLines[0].Split("accuracy ")[1];
        StringAssert.StartsWith(Dotnet(program, "evaluate", images), $"accuracy {accuracy}");
        Dotnet(program, "train", images, again);
        Assert.AreEqual(Scores(model, images), Scores(again, images));
        StringAssert.StartsWith(Dotnet(program, "evaluate", images, again), $"accuracy {accuracy}");
    }

    [TestMethod]
    public async Task AWebServicePredictsAndTrainsTheSameModel()
    {
        Requires.SlowTests();
        using var folder = new TemporaryFolder();
        string images = Images(folder), model = folder.File("flowers.zip"), again = folder.File("again.zip");
        Train(folder, images, model, "linear-probe", "--validation-fraction", "0.2");
        string program = Build(folder, model, "Flowers", "web-api");

        Dotnet(program, "train", images, again);

        Assert.AreEqual(Scores(model, images), Scores(again, images));
        string[] photos = [.. _classes.SelectMany(name => Directory.EnumerateFiles(Path.Combine(images, name)).Take(3))];
        using var service = Process.Start(new ProcessStartInfo("dotnet", [program, "--urls", Url]) { RedirectStandardOutput = true })!;
        try
        {
            using var client = new HttpClient { BaseAddress = await AddressOf(service) };
            string[] answers = await Task.WhenAll(photos.Select(photo => Predict(client, photo)));
            CollectionAssert.AreEqual(photos.Select(photo => ProbabilityOf(CliRun.Done("predict", model, photo, "--format", "json").Output)).ToArray(), answers);
            Assert.AreEqual(answers[0], await Predict(client, photos[0], form: true));
            Assert.AreEqual(HttpStatusCode.UnprocessableEntity, await Status(client, new ByteArrayContent([1, 2, 3])));
            Assert.AreEqual(HttpStatusCode.BadRequest, await Status(client, new ByteArrayContent([])));
            Assert.AreEqual(HttpStatusCode.RequestEntityTooLarge, await Status(client, new ByteArrayContent(new byte[21 << 20])));
            using var cut = new StringContent("no form", MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x"));
            Assert.AreEqual(HttpStatusCode.BadRequest, await Status(client, cut));
        }
        finally
        {
            service.Kill(entireProcessTree: true);
            service.WaitForExit();
        }
    }

    [TestMethod]
    public void TheFilesHaveModelBuildersNamesAndThePackageIsReferenced()
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.Done("scaffold", ColoredModel.Zip, "--out", folder.Path);

        CollectionAssert.AreEqual(
            new[] { "Colored.consumption.cs", "Colored.training.cs", "Colored.evaluate.cs", "Program.cs", "Colored.csproj", "Colored.test.txt", "Colored.zip" },
            run.OutputLines.Select(Path.GetFileName).ToArray());
        string project = File.ReadAllText(folder.File("Colored.csproj"));
        StringAssert.Contains(project, "<PackageReference Include=\"Microsoft.ML.VisionTransformer\" Version=\"");
        StringAssert.Contains(project, "<Project Sdk=\"Microsoft.NET.Sdk\">");
        StringAssert.Contains(File.ReadAllText(folder.File("Colored.training.cs")), "LearningRate = 0.003f,");
    }

    [TestMethod]
    public void AWebServiceHasItsSdkAndEndpoint()
    {
        using var folder = new TemporaryFolder();

        CliRun.Done("scaffold", ColoredModel.Zip, "--out", folder.Path, "--project", "web-api");

        StringAssert.Contains(File.ReadAllText(folder.File("Colored.csproj")), "<Project Sdk=\"Microsoft.NET.Sdk.Web\">");
        StringAssert.Contains(File.ReadAllText(folder.File("Program.cs")), "app.MapPost(\"/predict\"");
    }

    [TestMethod]
    public void AnUnknownKindOfProjectIsRejected()
    {
        using var folder = new TemporaryFolder();

        CliRun.Of("scaffold", ColoredModel.Zip, "--out", folder.Path, "--project", "maui").AssertFailed(2, "--project is 'maui'");
    }

    [TestMethod]
    public void TheTestImagesAreThoseOfTheListBesideTheModel()
    {
        using var folder = new TemporaryFolder();

        CliRun.Done("scaffold", ColoredModel.Zip, "--out", folder.Path);

        string[] test = File.ReadAllLines(folder.File("Colored.test.txt"));
        Assert.HasCount(12, test);
        Assert.IsTrue(Array.TrueForAll(test, image => File.Exists(Path.Combine(ColoredModel.Images, image))));
    }

    [TestMethod]
    public void WithoutAListAllImagesAreForTraining()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Zip, folder.File("moved.zip"));

        CliRun.Done("scaffold", folder.File("moved.zip"), "--out", folder.Path);

        Assert.IsFalse(File.Exists(folder.File("Moved.test.txt")));
        StringAssert.Contains(File.ReadAllText(folder.File("Moved.training.cs")), "found no list of test images beside the model");
    }

    [TestMethod]
    public void AListWithoutClassFoldersIsNotUsed()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Zip, folder.File("moved.zip"));
        File.WriteAllText(folder.File("moved.test.csv"), "ImagePath,Label\n1.png,red\n");

        var run = CliRun.Done("scaffold", folder.File("moved.zip"), "--out", folder.Path);

        StringAssert.Contains(run.Error, "moved.test.csv is not used: its images are not laid out as folder/class/image");
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

    [TestMethod]
    public void AFolderWithTheNameOfAFileIsAnErrorEvenIfForced()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "Colored.zip"));

        CliRun.Of("scaffold", ColoredModel.Zip, "--out", folder.Path, "--force").AssertFailed(1, "Colored.zip is a folder");

        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void AFullDiskLeavesNothingHalfMade()
    {
        SmallDisk.Require();
        using var disk = new SmallDisk(kilobytes: 96);
        string project = Path.Combine(disk.Path, "new", "project");
        Assert.IsGreaterThan(96 * 1024, new FileInfo(ColoredModel.Zip).Length);

        CliRun.Of("scaffold", ColoredModel.Zip, "--out", project).AssertFailed(1, "No space left on device");
        Assert.IsEmpty(Directory.GetFileSystemEntries(disk.Path));

        File.WriteAllText(Path.Combine(disk.Path, "Program.cs"), "mine");
        CliRun.Of("scaffold", ColoredModel.Zip, "--out", disk.Path, "--force").AssertFailed(1, "No space left on device");
        Assert.AreEqual("mine", File.ReadAllText(Directory.GetFileSystemEntries(disk.Path).Single()));
    }

    private static string Images(TemporaryFolder folder)
    {
        string images = folder.File("images", "x")[..^2];
        ColoredSamples.WriteTo(images, perClass: 20);
        foreach (var (color, name) in ColoredSamples.Classes.Zip(_classes))
            Directory.Move(Path.Combine(images, color), Path.Combine(images, name));
        return images;
    }

    /// <summary>Trains from a checkpoint whose classes have other names.</summary>
    private static void Train(TemporaryFolder folder, string images, string model, string strategy, params string[] options)
    {
        string pretrained = folder.File("pretrained", "x")[..^2];
        CliRun.Done("export", "safetensors", ColoredModel.Zip, "--out", pretrained);
        CliRun.Done(["train", "--data", images, "--out", model, "--pretrained", pretrained, "--strategy", strategy, .. options]);
    }

    /// <summary>Generates and builds a project without warnings; returns its program.</summary>
    private static string Build(TemporaryFolder folder, string model, string name, string kind)
    {
        string project = folder.File(name, "x")[..^2];
        CliRun.Done("scaffold", model, "--out", project, "--library", _library, "--project", kind);
        Dotnet("build", project, "-c", "Release", "-warnaserror", "-v", "q");
        return Path.Combine(project, "bin", "Release", "net10.0", $"{name}.dll");
    }

    /// <summary>All scores of all images; equal texts are equal bits.</summary>
    private static string Scores(string model, string images) => CliRun.Done("predict", model, images, "--format", "json").Output;

    private static async Task<Uri> AddressOf(Process service)
    {
        const string Listening = "Now listening on: ";
        while (await service.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(Listening, StringComparison.Ordinal))
            {
                _ = service.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return new Uri(line.Split(Listening)[1]);
            }
        }

        throw new InvalidOperationException("The service ended.");
    }

    private static async Task<string> Predict(HttpClient client, string photo, bool form = false)
    {
        using var image = new ByteArrayContent(await File.ReadAllBytesAsync(photo));
        using HttpContent content = form ? new MultipartFormDataContent { { image, "image", "photo.png" } } : image;
        using var response = await client.PostAsync("predict", content);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, answer);
        var best = JsonDocument.Parse(answer).RootElement.GetProperty("classes")[0];
        return $"{best.GetProperty("name").GetString()} {best.GetProperty("probability").GetRawText()}";
    }

    private static string ProbabilityOf(string prediction)
    {
        var line = JsonDocument.Parse(prediction).RootElement;
        return $"{line.GetProperty("label").GetString()} {line.GetProperty("probability").GetRawText()}";
    }

    private static async Task<HttpStatusCode> Status(HttpClient client, HttpContent content)
    {
        using var response = await client.PostAsync("predict", content);
        return response.StatusCode;
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
