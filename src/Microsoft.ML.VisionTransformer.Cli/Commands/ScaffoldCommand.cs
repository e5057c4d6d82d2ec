// scaffold: classes and a project around a model, as Model Builder writes them.
using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static partial class ScaffoldCommand
{
    internal static ExampleCommand Create(CommandContext shell)
    {
        var model = new Argument<string>("model") { Description = "A model.zip of ML.NET." };
        var folder = new Option<string>("--out") { Description = "The folder of the project; it is made where it is not there.", HelpName = "folder", Required = true };
        var name = new Option<string?>("--name") { Description = "The class. Default: by the model's file name.", HelpName = "name" };
        var library = new Option<string?>("--library") { Description = "The library's project file, to build it from its sources. Default: its package.", HelpName = "file.csproj" };
        var force = new Option<bool>("--force") { Description = "Replace files that are there." };
        var command = new ExampleCommand(
            "scaffold",
            "Writes classes that predict, train and judge, and a project that builds them.",
            ("Beside your own code", "scaffold flowers.zip --out Flowers"),
            ("In the library's repository", "scaffold flowers.zip --out Flowers --library src/Microsoft.ML.VisionTransformer/Microsoft.ML.VisionTransformer.csproj"))
        {
            model, folder, name, library, force,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(model)!;
            if (parsed.GetValue(name) is { } given && !Identifier().IsMatch(given))
                throw new UsageException($"--name is '{given}'; it must begin with a capital letter and go on with letters, digits and _.");
            return Run(shell, path, parsed.GetValue(folder)!, parsed.GetValue(name), parsed.GetValue(library), parsed.GetValue(force));
        });
        return command;
    }

    private static int Run(CommandContext shell, string path, string folder, string? given, string? library, bool force)
    {
        if (!ModelKind.IsMLNet(path))
            throw new InvalidDataException($"{path} is no model.zip of ML.NET; train one, or save one with mlContext.Model.Save.");
        var context = shell.NewContext();
        using var classifier = Classifier.Open(context, path);
        var model = ScaffoldModel.Of(context, classifier, "Name");
        string name = given is null ? ClassName(path, model) : Uses(model, given)
            ? throw new UsageException($"--name is '{given}', which the code that is written uses for something else; give another name.")
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
            throw new IOException($"{taken} is there already; --force replaces it.");
        Directory.CreateDirectory(folder);
        foreach (var (file, text) in files)
            Write(shell, Path.Combine(folder, file), writer => writer.Write(text.ReplaceLineEndings("\n")));
        if (!inPlace)
        {
            OutputFile.Write(copy, stream => Copy(path, stream));
            shell.Out.WriteLine(copy);
        }

        return ExitCode.Done;
    }

    private static void Write(CommandContext shell, string path, Action<TextWriter> write)
    {
        OutputFile.WriteText(path, write);
        shell.Out.WriteLine(path);
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
            throw new FileNotFoundException($"The library's project {library} is not there.", project);
        var folder = new DirectoryInfo(Path.GetDirectoryName(project)!);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "build", "TorchBackend.targets")))
            folder = folder.Parent;
        return folder is null
            ? throw new InvalidDataException($"Above {library} there is no build/TorchBackend.targets; give the project of the library's repository.")
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

    /// <summary>Whether the code uses the name itself, so that a class of that name would hide what is meant: Path, Console, a method of the class.</summary>
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
