// Compiles generated code in memory, as the project that it belongs to does.
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

internal static class CompiledCode
{
    /// <summary>The usings that the SDK adds to every file.</summary>
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private const string WebUsings = """
        global using System.Net.Http.Json;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """;

    private static readonly Lazy<MetadataReference[]> _references = new(() =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
    ]);

    /// <summary>Compiles all files of a model's project; warnings are errors.</summary>
    internal static Assembly Of(ScaffoldModel model, ScaffoldProject project = ScaffoldProject.Console) => Of(
        OutputKind.ConsoleApplication,
        Usings,
        project == ScaffoldProject.WebApi ? WebUsings : "",
        ConsumptionCode.Of(model),
        TrainingCode.Of(model),
        EvaluateCode.Of(model),
        ProgramCode.Of(model, project));

    /// <summary>Compiles the members of a static class named Values.</summary>
    internal static Type OfMembers(string members) =>
        Of(OutputKind.DynamicallyLinkedLibrary, Usings, $"using Microsoft.ML.VisionTransformer;\npublic static class Values\n{{\n{members}\n}}").GetType("Values")!;

    private static Assembly Of(OutputKind kind, params string[] files)
    {
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(file, new CSharpParseOptions(LanguageVersion.Latest)));
        var compilation = CSharpCompilation.Create(
            $"generated{Guid.NewGuid():N}", trees, _references.Value, new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable));
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        var problems = result.Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning);
        Assert.IsTrue(result.Success && !problems.Any(), $"{string.Join('\n', problems)}\n{string.Join('\n', files)}");
        return Assembly.Load(assembly.ToArray());
    }
}
