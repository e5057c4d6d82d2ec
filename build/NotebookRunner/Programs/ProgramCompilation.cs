// Compiles a notebook's program without running it.
using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NotebookRunner.Running;

namespace NotebookRunner.Programs;

internal static class ProgramCompilation
{
    /// <summary>The <c>#:</c> lines are for the SDK; this feature makes the compiler ignore them.</summary>
    private static readonly CSharpParseOptions _parsing = new CSharpParseOptions(LanguageVersion.Latest).WithFeatures([new("FileBasedProgram", "true")]);

    /// <summary>Errors and warnings.</summary>
    internal static IReadOnlyList<string> Diagnostics(NotebookProgram program)
    {
        var tree = CSharpSyntaxTree.ParseText(File.ReadAllText(program.Path), _parsing, Path.GetFileName(program.Path));
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create(program.Notebook.Name, [tree], PackageAssemblies.References(program), options);
        return
        [
            .. compilation.GetDiagnostics()
                .Where(d => d.Severity >= DiagnosticSeverity.Warning)
                .Select(d => CSharpDiagnosticFormatter.Instance.Format(d, CultureInfo.InvariantCulture)),
        ];
    }
}
