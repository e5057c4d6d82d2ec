// Runs a saved notebook in the C# kernel of .NET Interactive, and writes it with the kernel's outputs: `NotebookKernel <notebook> <output> [<package version> <feed>]`.
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.PackageManagement;
using NotebookRunner.Model;

if (args.Length is not (2 or 4))
{
    Console.Error.WriteLine("usage: NotebookKernel <notebook> <output> [<version of the library's package> <folder with it>]");
    return 2;
}

var notebook = NotebookFile.Read(args[0]);
Environment.CurrentDirectory = Path.GetDirectoryName(Path.GetFullPath(args[0]))!;
using var csharp = new CSharpKernel()
    .UseNugetDirective((k, packages) =>
    {
        k.AddAssemblyReferences(packages.SelectMany(p => p.AssemblyPaths));
        return Task.CompletedTask;
    })
    .UseKernelHelpers()
    .UseValueSharing();
using var kernel = new CompositeKernel { csharp };

var cells = new List<NotebookCell>();
foreach (var cell in notebook.Cells)
{
    if (cell.Kind == CellKind.Markdown)
    {
        cells.Add(cell);
        continue;
    }

    var result = await kernel.SubmitCodeAsync(args.Length == 4 ? Packed(cell.Source, args[2], args[3]) : cell.Source);
    if (result.Events.OfType<CommandFailed>().FirstOrDefault() is { } failure)
    {
        Console.Error.WriteLine($"{notebook.Name}, cell {cells.Count + 1}: {failure.Message}");
        return 1;
    }

    cells.Add(cell with { Outputs = Outputs(result.Events, installs: cell.Source.StartsWith("#r", StringComparison.Ordinal)) });
}

NotebookFile.Write(args[1], notebook with { Cells = cells });
return 0;

// The package that was packed from this repository has a version of its own.
static string Packed(string source, string version, string feed) => source.StartsWith("#r", StringComparison.Ordinal)
    ? $"#i \"nuget:{feed}\"\n{source.Replace("Microsoft.ML.VisionTransformer, 0.1.0", $"Microsoft.ML.VisionTransformer, {version}", StringComparison.Ordinal)}"
    : source;

// What the kernel shows while it installs packages is not part of the saved outputs.
static List<CellOutput> Outputs(IEnumerable<KernelEvent> events, bool installs)
{
    var outputs = new List<CellOutput>();
    foreach (var produced in installs ? [] : events.OfType<DisplayEvent>())
    {
        var value = produced.FormattedValues.First();
        if (produced is StandardOutputValueProduced or StandardErrorValueProduced)
            Append(outputs, produced is StandardOutputValueProduced ? "stdout" : "stderr", value.Value.ReplaceLineEndings("\n"));
        else
            outputs.Add(new DisplayOutput(DisplayedHtml.Formats(value.Value).ToDictionary(f => f.MimeType, f => f.Data)));
    }

    return outputs;
}

static void Append(List<CellOutput> outputs, string stream, string text)
{
    if (outputs is [.., StreamOutput last] && last.Name == stream)
        outputs[^1] = last with { Text = last.Text + text };
    else
        outputs.Add(new StreamOutput(stream, text));
}
