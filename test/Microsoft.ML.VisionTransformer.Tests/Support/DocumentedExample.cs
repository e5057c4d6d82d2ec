// The examples in the library's XML documentation, as programs.
using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>An example, compiled as the <c>Program.cs</c> of a new console project.</summary>
/// <param name="Name">Its type or member.</param>
/// <param name="Code">Its lines.</param>
internal sealed record DocumentedExample(string Name, string Code)
{
    /// <summary>The pretrained model that the examples name.</summary>
    private const string HubId = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";

    private static readonly CSharpParseOptions _language = new(LanguageVersion.Latest, DocumentationMode.None);

    private static readonly MetadataReference[] _references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p))];

    /// <summary>All examples, from the XML file beside the library. The constructor of a record repeats that of its type, which is left out.</summary>
    internal static IReadOnlyList<DocumentedExample> All { get; } =
    [
        .. XDocument.Load(Path.ChangeExtension(typeof(VisionTransformerTrainer).Assembly.Location, ".xml"), LoadOptions.PreserveWhitespace).Descendants("member")
            .SelectMany(member => member.Elements("example").Elements("code"), (member, code) => new DocumentedExample(NameOf((string)member.Attribute("name")!), Unindented(code.Value)))
            .OrderBy(e => e.Name, StringComparer.Ordinal).DistinctBy(e => e.Code),
    ];

    /// <summary>Errors and warnings of the compiler, with the lines of the example.</summary>
    internal IReadOnlyList<string> Faults() =>
        [.. Compile(Code).GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(d => d.ToString())];

    /// <summary>Runs it in the current folder, with a small checkpoint in place of the pretrained model.</summary>
    /// <returns>What it threw, with the line; null if it ended.</returns>
    internal string? Run()
    {
        string small = TestData.Path("golden", "checkpoints", "timm").Replace('\\', '/');
        using var assembly = new MemoryStream();
        using var lines = new MemoryStream();
        var emitted = Compile(Code.Replace(HubId, small, StringComparison.Ordinal)).Emit(assembly, lines, options: new(debugInformationFormat: DebugInformationFormat.PortablePdb));
        if (!emitted.Success)
            return string.Join('\n', emitted.Diagnostics);
        assembly.Position = lines.Position = 0;
        var loaded = new AssemblyLoadContext(Name);
        var main = loaded.LoadFromStream(assembly, lines).EntryPoint!;
        try
        {
            main.Invoke(null, BindingFlags.DoNotWrapExceptions, binder: null, [Array.Empty<string>()], culture: null);
            return null;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            var frame = new StackTrace(error, fNeedFileInfo: true).GetFrames().FirstOrDefault(f => f.GetFileName() == Name);
            return $"{Name}({frame?.GetFileLineNumber()}): {error.GetType().Name}: {error.Message}";
        }
    }

    private CSharpCompilation Compile(string code)
    {
        var program = CSharpSyntaxTree.ParseText(SourceText.From(code, System.Text.Encoding.UTF8), _language, Name);
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable);
        return CSharpCompilation.Create("Example", [CSharpSyntaxTree.ParseText(ImplicitUsings.Code, _language), program], _references, options);
    }

    /// <summary>"M:Microsoft.ML.VisionTransformer.X.Do(System.Int32)" is "X.Do".</summary>
    private static string NameOf(string id) => id[2..].Split('(')[0].Replace("Microsoft.ML.VisionTransformer.", "", StringComparison.Ordinal);

    private static string Unindented(string code)
    {
        string[] lines = code.ReplaceLineEndings("\n").Trim('\n').Split('\n').Select(l => l.TrimEnd()).ToArray();
        int indentation = lines.Where(l => l.Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return string.Join('\n', lines.Select(l => l.Length > 0 ? l[indentation..] : l)).Trim('\n');
    }
}
