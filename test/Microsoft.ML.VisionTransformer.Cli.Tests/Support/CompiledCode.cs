// Compiles generated code in memory, as the project that it belongs to does.
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

internal static class CompiledCode
{
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
        ImplicitUsings.Code,
        project == ScaffoldProject.WebApi ? WebUsings : "",
        ConsumptionCode.Of(model),
        TrainingCode.Of(model),
        EvaluateCode.Of(model),
        ProgramCode.Of(model, project));

    /// <summary>Compiles the members of a static class named Values.</summary>
    internal static Type OfMembers(string members) =>
        Of(OutputKind.DynamicallyLinkedLibrary, ImplicitUsings.Code, $"using Microsoft.ML.VisionTransformer;\npublic static class Values\n{{\n{members}\n}}").GetType("Values")!;

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
