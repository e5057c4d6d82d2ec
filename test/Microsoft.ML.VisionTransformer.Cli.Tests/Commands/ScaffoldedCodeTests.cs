// scaffold: names from a model are escaped in the generated code and project.
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class ScaffoldedCodeTests
{
    private const string Injected = "x\")] public int Y; [ColumnName(\"";

    [TestMethod]
    [DataRow("Image of a \"flower\"")]
    [DataRow(@"C:\new\table")]
    [DataRow("two\r\nlines\u2028and\u0085more")]
    [DataRow("tab\t, null\0, bell\a, escape\u001B1")]
    [DataRow("{Image} {{Label}} $\"{x}\"")]
    [DataRow(Injected)]
    [DataRow("*/ //")]
    [DataRow("蒲公英 🌼 \uD83C")]
    public void AColumnNameBecomesAStringLiteral(string column)
    {
        foreach (bool bytes in new[] { true, false })
        {
            var model = new ScaffoldModel("Flowers", column, column + "!", bytes, "new VisionTransformerArchitecture()", 3);
            var consumption = Strings(ConsumptionCode.Of(model));
            var training = Strings(TrainingCode.Of(model));
            CollectionAssert.Contains(consumption, column);
            CollectionAssert.Contains(consumption, column + "!");
            CollectionAssert.Contains(training, bytes ? column : column + "Bytes");
            CollectionAssert.Contains(training, column + "!");
            CollectionAssert.Contains(Strings(EvaluateCode.Of(model)), column + "!");
            Strings(ProgramCode.Program(model));
        }
    }

    [TestMethod]
    [DataRow("my \"net\"\\\n")]
    [DataRow(Injected)]
    public void AnArchitectureBecomesAValidExpression(string name)
    {
        string code = CodeValue.Of(VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { Name = name, LayerScale = 1e-5, MlpRatio = 2.5, ImageSize = (32, 64), Rotary = new RotaryEmbedding() });

        Assert.IsEmpty(SyntaxFactory.ParseExpression(code).GetDiagnostics(), code);
        StringAssert.StartsWith(code, "new VisionTransformerArchitecture() with {");
    }

    [TestMethod]
    [DataRow("a & b")]
    [DataRow("a;b")]
    [DataRow("100% $(HOME) @(x) '<\"")]
    public void APathIsEscapedInTheProject(string name)
    {
        Requires.If(!Path.GetInvalidFileNameChars().Intersect(name).Any(), "a file system that allows such names");
        using var folder = new TemporaryFolder();
        string repository = folder.File(name, "x")[..^2], library = Path.Combine(repository, "Library.csproj");
        File.WriteAllText(library, "<Project />");
        File.WriteAllText(folder.File(name, "build", "TorchBackend.targets"), "<Project />");
        string project = folder.File("Out", "x")[..^2];

        CliRun.Done("scaffold", ColoredModel.Zip, "--out", project, "--library", library);

        var written = XDocument.Load(Path.Combine(project, "Colored.csproj"));
        Assert.AreEqual(library, Unescaped(written.Descendants("ProjectReference").Single().Attribute("Include")!.Value));
        Assert.AreEqual(Path.Combine(repository, "Directory.Packages.props"), Unescaped(written.Descendants("DirectoryPackagesPropsPath").Single().Value));
        CollectionAssert.Contains(written.Descendants("Import").Select(import => Unescaped(import.Attribute("Project")!.Value)).ToArray(), Path.Combine(repository, "build", "TorchBackend.targets"));
    }

    /// <summary>A class with a name that its own code uses would hide that name.</summary>
    [TestMethod]
    [DataRow("Path", "PathModel")]
    [DataRow("predict", "PredictModel")]
    [DataRow("Console", "ConsoleModel")]
    [DataRow("program", "ProgramModel")]
    [DataRow("microsoft", "MicrosoftModel")]
    [DataRow("flowers", "Flowers")]
    public void AFileNameThatTheCodeUsesGetsASuffix(string file, string className)
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Zip, folder.File($"{file}.zip"));

        CliRun.Done("scaffold", folder.File($"{file}.zip"), "--out", Path.Combine(folder.Path, "out"));

        Assert.IsTrue(File.Exists(Path.Combine(folder.Path, "out", $"{className}.csproj")), string.Join(' ', Directory.GetFiles(Path.Combine(folder.Path, "out"))));
    }

    [TestMethod]
    public void ANameThatTheCodeUsesIsRejected()
    {
        using var folder = new TemporaryFolder();

        CliRun.Of("scaffold", ColoredModel.Zip, "--out", folder.Path, "--name", "ModelInput").AssertFailed(2, "--name is 'ModelInput', a name that the generated code already uses");
    }

    /// <summary>The string literals of the code; asserts that it has no syntax errors.</summary>
    private static string[] Strings(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest));
        Assert.IsEmpty(tree.GetDiagnostics(), code);
        Assert.IsEmpty(tree.GetRoot().DescendantNodes().OfType<FieldDeclarationSyntax>().SelectMany(f => f.Declaration.Variables).Where(v => v.Identifier.Text == "Y"));
        return [.. tree.GetRoot().DescendantNodes().OfType<LiteralExpressionSyntax>().Where(l => l.IsKind(SyntaxKind.StringLiteralExpression)).Select(l => l.Token.ValueText)];
    }

    /// <summary>Decodes MSBuild escapes: %XX.</summary>
    private static string Unescaped(string text)
    {
        Assert.IsEmpty(text.Intersect("$@;*?'"), text);
        return Uri.UnescapeDataString(text);
    }
}
