// Compiles a notebook's program as the program it is, without running it.
using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NotebookRunner.Running;

namespace NotebookRunner.Twins;

internal static class TwinCompilation
{
    /// <summary>The <c>#:</c> lines are for the SDK; with this the compiler passes over them.</summary>
    private static readonly CSharpParseOptions _parsing = new CSharpParseOptions(LanguageVersion.Latest).WithFeatures([new("FileBasedProgram", "true")]);

    /// <summary>Errors and warnings.</summary>
    internal static IReadOnlyList<string> Complaints(Twin twin)
    {
        var tree = CSharpSyntaxTree.ParseText(File.ReadAllText(twin.Path), _parsing, Path.GetFileName(twin.Path));
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create(twin.Notebook.Name, [tree], PackageAssemblies.References(twin), options);
        return [.. compilation.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(d => CSharpDiagnosticFormatter.Instance.Format(d, CultureInfo.InvariantCulture))];
    }
}
