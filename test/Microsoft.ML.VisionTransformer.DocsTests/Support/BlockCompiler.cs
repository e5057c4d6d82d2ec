// Compiles a block of a page as a program of top-level statements.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Microsoft.ML.VisionTransformer.DocsTests.Support;

internal sealed class BlockCompiler
{
    /// <summary>Namespaces that a new project has, and those that the pages name at their first program.</summary>
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.ML;
        global using Microsoft.ML.Data;
        global using Microsoft.ML.VisionTransformer;
        global using static Known;
        """;

    /// <summary>What a page may use without saying where it comes from; names that a block declares itself go before these.</summary>
    private const string KnownNames = """
        #nullable enable
        #pragma warning disable CS8618, CS0649
        using Microsoft.ML.Transforms;

        public static class Known
        {
            public static MLContext mlContext;
            public static IDataView images;
            public static DataOperationsCatalog.TrainTestData split;
            public static EstimatorChain<VisionTransformerPredictionTransformer> pipeline;
            public static VisionTransformerPredictionTransformer model;
            public static byte[] bytes;
            public static CancellationToken cancellation;
        }
        """;

    private static readonly CSharpParseOptions _language = new(LanguageVersion.Latest, DocumentationMode.None);

    private readonly MetadataReference[] _references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p))];

    private readonly SyntaxTree[] _known = [CSharpSyntaxTree.ParseText(Usings, _language), CSharpSyntaxTree.ParseText(KnownNames, _language)];

    /// <summary>The errors, with the page's own lines.</summary>
    /// <param name="page">The page, for the errors.</param>
    /// <param name="line">The line of the page at which the code begins.</param>
    /// <param name="code">The block.</param>
    /// <param name="more">Other files that are compiled with it.</param>
    internal IReadOnlyList<string> Errors(string page, int line, string code, params string[] more)
    {
        var block = CSharpSyntaxTree.ParseText($"#line {line} \"{page}\"\n{code}", _language);
        bool isProgram = block.GetCompilationUnitRoot().Members.Any(m => m is Microsoft.CodeAnalysis.CSharp.Syntax.GlobalStatementSyntax);
        var options = new CSharpCompilationOptions(isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Disable);
        var compilation = CSharpCompilation.Create("block", [.. _known, .. more.Select(file => CSharpSyntaxTree.ParseText(file, _language)), block], _references, options);
        return [.. compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString())];
    }
}
