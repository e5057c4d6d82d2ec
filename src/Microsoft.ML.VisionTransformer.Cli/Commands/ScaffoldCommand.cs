// scaffold: writes classes and a project for a model, as ML.NET Model Builder does.
using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static partial class ScaffoldCommand
{
    /// <summary>Packages that the project gets. NuGet refuses a project with the name of one.</summary>
    private static readonly string[] _packages = ["TorchSharp", "SkiaSharp", "SharpZipLib"];

    internal static ExampleCommand Create(CommandContext context)
    {
        var model = new Argument<string>("model") { Description = "An ML.NET model.zip." };
        var folder = new Option<string>("--out") { Description = "The project folder; it is created if missing.", HelpName = "folder", Required = true };
        var project = ChoiceOption.One<ScaffoldProject>("--project", "A console program, or a web service with POST /predict. Default console.");
        var name = new Option<string?>("--name") { Description = "The class name. Default: derived from the model's file name.", HelpName = "name" };
        var library = new Option<string?>("--library") { Description = "The library's project file, to build it from source. Default: use the NuGet package.", HelpName = "file.csproj" };
        var force = OutputFile.ForceOption();
        var command = new ExampleCommand(
            "scaffold",
            "Writes classes that predict, evaluate and train the model again, and a project that builds them.",
            ("In a folder of your solution", "scaffold flowers.zip --out Flowers"),
            ("A web service", "scaffold flowers.zip --out FlowersService --project web-api"),
            ("In the library's repository", "scaffold flowers.zip --out Flowers --library src/Microsoft.ML.VisionTransformer/Microsoft.ML.VisionTransformer.csproj"))
        {
            model, folder, project, name, library, force,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(model)!;
            if (parsed.GetValue(name) is { } given && !Identifier().IsMatch(given))
                throw new UsageException($"--name is '{given}'; it must start with a capital letter, followed by letters, digits and _.");
            return Run(context, path, parsed.GetValue(folder)!, parsed.GetValue(project), parsed.GetValue(name), parsed.GetValue(library), parsed.GetValue(force));
        });
        return command;
    }

    private static int Run(CommandContext context, string path, string folder, ScaffoldProject project, string? given, string? library, bool force)
    {
        if (!ModelKind.IsMLNet(path))
            throw new InvalidDataException($"{path} is not an ML.NET model.zip; train a model, or save one with mlContext.Model.Save.");
        var mlContext = context.CreateMLContext();
        using var classifier = Classifier.Open(mlContext, path);
        var model = ScaffoldModel.Of(mlContext, classifier, "Name", HeldOutImages.Of(mlContext, path, context.WriteMessage));
        string name = given is null ? ClassName(path, model, project) : IsTaken(model, project, given)
            ? throw new UsageException($"--name is '{given}', a name that the generated code already uses; choose another name.")
            : given;
        model = model with { Name = name };
        List<ProjectFile> files =
        [
            Text($"{name}.consumption.cs", ConsumptionCode.Of(model)),
            Text($"{name}.training.cs", TrainingCode.Of(model)),
            Text($"{name}.evaluate.cs", EvaluateCode.Of(model)),
            Text("Program.cs", ProgramCode.Of(model, project)),
            Text($"{name}.csproj", library is null ? ProjectCode.WithPackage(model, project, Version()) : Source(model, project, library)),
        ];
        if (model.Training.TestImages.Count > 0)
            files.Add(Text($"{name}.test.txt", string.Concat(model.Training.TestImages.Select(image => $"{image}\n"))));
        if (Path.GetFullPath(Path.Combine(folder, $"{name}.zip")) != Path.GetFullPath(path))
            files.Add(new ProjectFile($"{name}.zip", stream => Copy(path, stream)));
        ProjectFolder.Write(folder, files, force);
        foreach (var file in files)
            context.Out.WriteLine(Path.Combine(folder, file.Name));
        return ExitCode.Done;
    }

    private static ProjectFile Text(string name, string text) => new(name, stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true);
        writer.Write(text.ReplaceLineEndings("\n"));
    });

    private static void Copy(string path, Stream to)
    {
        using var from = File.OpenRead(path);
        from.CopyTo(to);
    }

    private static string Source(ScaffoldModel model, ScaffoldProject project, string library)
    {
        string file = Path.GetFullPath(library);
        if (!File.Exists(file))
            throw new FileNotFoundException($"The library project {library} does not exist.", file);
        var folder = new DirectoryInfo(Path.GetDirectoryName(file)!);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "build", "TorchBackend.targets")))
            folder = folder.Parent;
        return folder is null
            ? throw new InvalidDataException($"No folder above {library} contains build/TorchBackend.targets; specify the project file in the library's repository.")
            : ProjectCode.WithSource(model, project, file, folder.FullName);
    }

    private static string Version() => typeof(VisionTransformerTrainer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static string ClassName(string path, ScaffoldModel model, ScaffoldProject project)
    {
        string name = string.Concat(Path.GetFileNameWithoutExtension(path).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')).TrimStart('_');
        name = name.Length > 0 ? char.ToUpperInvariant(name[0]) + name[1..] : "Model";
        name = Identifier().IsMatch(name) ? name : $"Model{name}";
        while (IsTaken(model, project, name))
            name += "Model";
        return name;
    }

    /// <summary>
    /// Whether the name is that of a package, or the generated code uses it itself, such as Path, Console or a method of the class: a class with that name
    /// would hide it.
    /// </summary>
    private static bool IsTaken(ScaffoldModel model, ScaffoldProject project, string name)
    {
        var placeholder = model with { Name = "_" };
        string code = string.Join('\n', ConsumptionCode.Of(placeholder), TrainingCode.Of(placeholder), EvaluateCode.Of(placeholder), ProgramCode.Of(placeholder, project));
        return name == "Program"
            || _packages.Contains(name, StringComparer.OrdinalIgnoreCase)
            || code.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)).SelectMany(line => Word().Matches(line)).Any(word => word.Value == name);
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9_]*$")]
    private static partial Regex Identifier();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex Word();
}
