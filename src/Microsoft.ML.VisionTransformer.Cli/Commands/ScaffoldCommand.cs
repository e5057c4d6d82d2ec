// scaffold: writes classes and a project for a model, like ML.NET Model Builder.
using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static partial class ScaffoldCommand
{
    internal static ExampleCommand Create(CommandContext context)
    {
        var model = new Argument<string>("model") { Description = "An ML.NET model.zip." };
        var folder = new Option<string>("--out") { Description = "The project folder; it is created if missing.", HelpName = "folder", Required = true };
        var name = new Option<string?>("--name") { Description = "The class name. Default: derived from the model's file name.", HelpName = "name" };
        var library = new Option<string?>("--library") { Description = "The library's project file, to build it from source. Default: use the NuGet package.", HelpName = "file.csproj" };
        var force = new Option<bool>("--force") { Description = "Replace existing files." };
        var command = new ExampleCommand(
            "scaffold",
            "Writes classes that predict, train and evaluate, and a project that builds them.",
            ("In a folder of your solution", "scaffold flowers.zip --out Flowers"),
            ("In the library's repository", "scaffold flowers.zip --out Flowers --library src/Microsoft.ML.VisionTransformer/Microsoft.ML.VisionTransformer.csproj"))
        {
            model, folder, name, library, force,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(model)!;
            if (parsed.GetValue(name) is { } given && !Identifier().IsMatch(given))
                throw new UsageException($"--name is '{given}'; it must start with a capital letter, followed by letters, digits and _.");
            return Run(context, path, parsed.GetValue(folder)!, parsed.GetValue(name), parsed.GetValue(library), parsed.GetValue(force));
        });
        return command;
    }

    private static int Run(CommandContext context, string path, string folder, string? given, string? library, bool force)
    {
        if (!ModelKind.IsMLNet(path))
            throw new InvalidDataException($"{path} is not an ML.NET model.zip; train a model, or save one with mlContext.Model.Save.");
        var mlContext = context.CreateMLContext();
        using var classifier = Classifier.Open(mlContext, path);
        var model = ScaffoldModel.Of(mlContext, classifier, "Name");
        string name = given is null ? ClassName(path, model) : Uses(model, given)
            ? throw new UsageException($"--name is '{given}', a name that the generated code already uses; choose another name.")
            : given;
        model = model with { Name = name };
        (string File, string Text)[] files =
        [
            ($"{name}.consumption.cs", ConsumptionCode.Of(model)),
            ($"{name}.training.cs", TrainingCode.Of(model)),
            ($"{name}.evaluate.cs", EvaluateCode.Of(model)),
            ("Program.cs", ProgramCode.Program(model)),
            ($"{name}.csproj", library is null ? ProgramCode.PackageProject(model, Version()) : Source(model, library)),
        ];
        string copy = Path.Combine(folder, $"{name}.zip");
        bool inPlace = Path.GetFullPath(copy) == Path.GetFullPath(path);
        string? taken = files.Select(file => Path.Combine(folder, file.File)).Append(inPlace ? "" : copy).FirstOrDefault(File.Exists);
        if (taken is not null && !force)
            throw new IOException($"{taken} already exists; --force replaces it.");
        Directory.CreateDirectory(folder);
        foreach (var (file, text) in files)
            Write(context, Path.Combine(folder, file), writer => writer.Write(text.ReplaceLineEndings("\n")));
        if (!inPlace)
        {
            OutputFile.Write(copy, stream => Copy(path, stream));
            context.Out.WriteLine(copy);
        }

        return ExitCode.Done;
    }

    private static void Write(CommandContext context, string path, Action<TextWriter> write)
    {
        OutputFile.WriteText(path, write);
        context.Out.WriteLine(path);
    }

    private static void Copy(string path, Stream to)
    {
        using var from = File.OpenRead(path);
        from.CopyTo(to);
    }

    private static string Source(ScaffoldModel model, string library)
    {
        string project = Path.GetFullPath(library);
        if (!File.Exists(project))
            throw new FileNotFoundException($"The library project {library} does not exist.", project);
        var folder = new DirectoryInfo(Path.GetDirectoryName(project)!);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "build", "TorchBackend.targets")))
            folder = folder.Parent;
        return folder is null
            ? throw new InvalidDataException($"No folder above {library} contains build/TorchBackend.targets; specify the project file in the library's repository.")
            : ProgramCode.SourceProject(model, project, folder.FullName);
    }

    private static string Version() => typeof(VisionTransformerTrainer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static string ClassName(string path, ScaffoldModel model)
    {
        string name = string.Concat(Path.GetFileNameWithoutExtension(path).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')).TrimStart('_');
        name = name.Length > 0 ? char.ToUpperInvariant(name[0]) + name[1..] : "Model";
        name = Identifier().IsMatch(name) ? name : $"Model{name}";
        while (Uses(model, name))
            name += "Model";
        return name;
    }

    /// <summary>
    /// Whether the generated code uses the name itself, such as Path, Console or a method of the class: a class with that name would hide it.
    /// </summary>
    private static bool Uses(ScaffoldModel model, string name)
    {
        var placeholder = model with { Name = "_" };
        string code = string.Join('\n', ConsumptionCode.Of(placeholder), TrainingCode.Of(placeholder), EvaluateCode.Of(placeholder), ProgramCode.Program(placeholder));
        return name == "Program" || code.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)).SelectMany(line => Word().Matches(line)).Any(word => word.Value == name);
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9_]*$")]
    private static partial Regex Identifier();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex Word();
}
