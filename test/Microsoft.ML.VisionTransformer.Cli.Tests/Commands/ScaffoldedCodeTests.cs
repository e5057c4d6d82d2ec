// scaffold: the generated code has the model's options, and names from a model are escaped in code and project.
using System.Text.Json;
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
    public void ANameBecomesAStringLiteral(string name)
    {
        foreach (bool bytes in new[] { true, false })
        {
            var options = new VisionTransformerTrainer.Options { PretrainedModel = name, ClassWeights = new Dictionary<string, float> { [name] = 2, ["other"] = 1 } };
            var model = Model(options, bytes, classes: ["z", name]) with
            {
                ImageColumn = name,
                LabelColumn = name + "!",
                ScoreColumn = name + "?",
                PredictedLabelColumn = name + "=",
            };
            var consumption = Strings(ConsumptionCode.Of(model));
            var training = Strings(TrainingCode.Of(model));
            CollectionAssert.IsSubsetOf(new[] { name, name + "!", name + "?", name + "=" }, consumption);
            CollectionAssert.IsSubsetOf(new[] { bytes ? name : "Features", name + "!", name + "=", name }, training);
            CollectionAssert.IsSubsetOf(new[] { name + "!", name + "?", name + "=" }, Strings(EvaluateCode.Of(model)));
            CompiledCode.Of(model);
            CompiledCode.Of(model, ScaffoldProject.WebApi);
        }
    }

    [TestMethod]
    [DataRow("my \"net\"\\\n")]
    [DataRow(Injected)]
    public void AnArchitectureWithoutAPresetIsWrittenWithItsName(string name)
    {
        var architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { Name = name, LayerScale = 1e-5, MlpRatio = 2.5, ImageSize = (32, 64), Rotary = new RotaryEmbedding { Temperature = 100 } };

        var read = CompiledCode.OfMembers($"public static VisionTransformerArchitecture A => {CodeValue.Of(architecture)};").GetProperty("A")!.GetValue(null);

        Assert.AreEqual(architecture, read);
    }

    /// <summary>A new option needs a value in OptionValues, and its type a line in CodeValue.</summary>
    [TestMethod]
    public void EveryOptionIsWrittenAsItsValue()
    {
        (string Name, VisionTransformerTrainer.Options Options)[] all = [.. OptionValues.All.Select(value => (value.Key, OptionsWith(value.Key, value.Value)))];

        var members = CompiledCode.OfMembers(string.Join('\n', all.Select(option => $"public static VisionTransformerTrainer.Options With{option.Name} => new()\n{CodeValue.Of(option.Options)};")));

        foreach (var (name, options) in all)
        {
            var read = (VisionTransformerTrainer.Options)members.GetProperty($"With{name}")!.GetValue(null)!;
            foreach (var option in typeof(VisionTransformerTrainer.Options).GetFields().Where(f => OptionValues.All.ContainsKey(f.Name)))
                Assert.AreEqual(JsonSerializer.Serialize(option.GetValue(options)), JsonSerializer.Serialize(option.GetValue(read)), $"{option.Name} of {name}");
        }
    }

    [TestMethod]
    [DataRow("1e-5f", 1e-5f)]
    [DataRow("0.033333335f", 0.1f / 3)]
    [DataRow("1e9f", 1e9f)]
    public void ANumberIsWrittenShort(string code, float number) =>
        StringAssert.Contains(CodeValue.Of(new VisionTransformerTrainer.Options { LearningRate = number }), $"LearningRate = {code},");

    /// <summary>The tool's options are of type float and those of an augmentation of type double.</summary>
    [TestMethod]
    public void ADoubleThatWasAFloatIsWrittenAsOne() =>
        StringAssert.Contains(
            CodeValue.Of(new VisionTransformerTrainer.Options { Augmentation = TrainingAugmentations.Light with { MixupAlpha = 0.8f, HueJitter = 0.1 } }),
            "Augmentation = TrainingAugmentations.Light with { HueJitter = 0.1, MixupAlpha = 0.8f },");

    [TestMethod]
    public void TheOptionsAreThoseOfTheModelWithItsStrategyAndSeed()
    {
        var options = new VisionTransformerTrainer.Options { FeatureColumnName = "Image", PretrainedModel = "timm/vit", ProbePenalty = 0.01f, ExampleWeightColumnName = "Weight" };
        var model = Model(options, history: history => history with { Strategy = TrainingStrategy.LinearProbe, Seed = 77 });

        var written = Options(model);

        Assert.AreEqual(("timm/vit", 0.01f, TrainingStrategy.LinearProbe, 77), (written.PretrainedModel, written.ProbePenalty, written.Strategy, written.Seed));
        Assert.IsNull(written.ExampleWeightColumnName);
        StringAssert.Contains(TrainingCode.Of(model), "ExampleWeightColumnName");
    }

    [TestMethod]
    public void AModelWithoutOptionsGetsItsNetworkAndAComment()
    {
        var model = Model(null, history: history => history with { Epochs = [new TrainingMetrics(), new TrainingMetrics()], Seed = 9 });
        model = model with { Training = model.Training with { Architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 64 } } };

        var written = Options(model);

        Assert.AreEqual((2, 9, 64), (written.Epoch, written.Seed, written.Arch!.ImageSize.Height));
        StringAssert.Contains(TrainingCode.Of(model), "The file does not have the other options");
    }

    [TestMethod]
    public void ACanceledTrainingAndAValidationSetAreMentioned()
    {
        var model = Model(new VisionTransformerTrainer.Options { ValidationSetFraction = 0 }, history: history => history with { Cancelled = true, ValidationRows = 5, Epochs = [new TrainingMetrics()] });

        string code = TrainingCode.Of(model);

        StringAssert.Contains(code, "was canceled after 1 epoch;");
        StringAssert.Contains(code, "was trained with a ValidationSet");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AModelThatPredictsKeysHasANumberInItsOutput(bool bytes)
    {
        var model = Model(new VisionTransformerTrainer.Options(), bytes) with { PredictsKeys = true };

        var output = CompiledCode.Of(model).GetType("FlowersModel.Flowers+ModelOutput")!;

        Assert.AreEqual(typeof(uint), output.GetProperty("PredictedLabel")!.PropertyType);
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
    [DataRow("torchsharp", "TorchsharpModel")]
    [DataRow("flowers", "Flowers")]
    [DataRow("class", "Class")]
    [DataRow("2 new; $(x) 100%", "Model2_new____x__100_")]
    [DataRow("蒲公英", "ModelModel")]
    public void AFileNameThatTheCodeUsesGetsASuffix(string file, string className)
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Zip, folder.File($"{file}.zip"));

        CliRun.Done("scaffold", folder.File($"{file}.zip"), "--out", Path.Combine(folder.Path, "out"), "--project", "web-api");

        Assert.IsTrue(File.Exists(Path.Combine(folder.Path, "out", $"{className}.csproj")), string.Join(' ', Directory.GetFiles(Path.Combine(folder.Path, "out"))));
    }

    [TestMethod]
    public void ANameThatTheCodeUsesIsRejected()
    {
        using var folder = new TemporaryFolder();

        CliRun.Of("scaffold", ColoredModel.Zip, "--out", folder.Path, "--name", "ModelInput").AssertFailed(2, "--name is 'ModelInput', a name that the generated code already uses");
    }

    private static ScaffoldModel Model(
        VisionTransformerTrainer.Options? options, bool bytes = true, Func<TrainingHistory, TrainingHistory>? history = null, IReadOnlyList<string>? classes = null)
    {
        var architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224");
        var start = new TrainingHistory { Options = options };
        return new ScaffoldModel("Flowers", "Image", "Label", bytes, new ScaffoldTraining(
            history is null ? start : history(start), architecture, ImagePreprocessing.For(architecture), classes ?? ["a", "b"], TestImages: []));
    }

    private static VisionTransformerTrainer.Options Options(ScaffoldModel model) =>
        (VisionTransformerTrainer.Options)CompiledCode.Of(model).GetType("FlowersModel.Flowers")!.GetProperty("TrainingOptions")!.GetValue(null)!;

    private static VisionTransformerTrainer.Options OptionsWith(string name, object? value)
    {
        var options = new VisionTransformerTrainer.Options();
        typeof(VisionTransformerTrainer.Options).GetField(name)!.SetValue(options, value);
        return options;
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
