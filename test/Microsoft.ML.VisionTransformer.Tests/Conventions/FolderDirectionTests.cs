// Data flows one way: a folder of the library uses only those below it, and no two folders use each other.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed partial class FolderDirectionTests
{
    /// <summary>From top to bottom: a folder uses only those after it.</summary>
    private static readonly string[] _order =
    [
        "",
        "Training", "Training/LinearProbe", "Training/Logging", "Training/Checkpointing", "Training/Evaluation", "Training/Data", "Training/Plan", "Training/Distributed",
        "Training/Optimizers",
        "Scoring", "Scoring/Rows", "Scoring/Engine", "Scoring/Vectorized",
        "Explain",
        "ModelFile",
        "Training/History", "Training/TrainerOptions",
        "Columns",
        "Evaluation",
        "Checkpoints", "Checkpoints/Configs", "Checkpoints/Fitting", "Checkpoints/Layouts", "Checkpoints/Hub", "Checkpoints/Formats/Npz", "Checkpoints/Formats/Onnx",
        "Checkpoints/Formats/Pth", "Checkpoints/Formats/Safetensors", "Checkpoints/Formats",
        "Onnx/Export", "Onnx/Format",
        "Images/Input", "Images/Augmentation", "Images/Preprocessing", "Images/Decoding", "Images/Resampling", "Images/Pixels",
        "Network",
        "Weights",
        "Architecture",
        "Distributed", "Distributed/Mpi",
        "Interop",
        "Common",
    ];

    private static readonly string[] _abstractClasses = ["ImageSource", "DecodedSource", "ClassLabels", "LabelValueType", "StoredTensor", "CheckpointFile", "FlatOptimizer", "BandedImage"];

    private static readonly string _matrixPath = Path.Combine(SourceTree.Root, "docs", "folder-dependencies.md");

    private static readonly Lazy<TypeReferences> _library = TypeReferences.Library;

    /// <summary>Files have one namespace: an internal type in the file of a public one is in the namespace of that.</summary>
    private static readonly Lazy<HashSet<string>> _filesOfPublicTypes = new(() => [.. _library.Value.Types.Where(t => t.IsPublic).Select(t => t.File)]);

    private static IEnumerable<TypeReference> BetweenFolders => _library.Value.References.Where(r => r.FromFolder != r.ToFolder);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EachFolderHasARankAndEachRankAFolder()
    {
        string[] folders = [.. _library.Value.Types.Select(t => t.Folder).Distinct()];

        Assert.IsEmpty(folders.Where(f => Rank(f) < 0), "folders without a place in the order");
        Assert.IsEmpty(_order.Except(folders), "places in the order without a folder");
    }

    [TestMethod]
    public void NoFolderUsesOneAboveIt() =>
        AssertNone(BetweenFolders.Where(r => Rank(r.FromFolder) > Rank(r.ToFolder)).Select(Text), "types that use one of a folder above theirs");

    /// <summary>Links in documentation count here: a using directive upward is there for one alone.</summary>
    [TestMethod]
    public void NoFileImportsAFolderAboveIt() => AssertNone(
        from path in TypeReferences.SourceFiles(SourceTree.Library)
        let file = TypeReferences.Relative(SourceTree.Library, path)
        let rank = Rank(SourceType.FolderOf(file))
        from Match import in ImportedFolder().Matches(File.ReadAllText(path))
        where Rank(import.Groups[1].Value.Replace('.', '/')) is >= 0 and var imported && imported < rank
        select $"{file} imports {import.Groups[1].Value}",
        "files that import a folder above theirs");

    [TestMethod]
    public void NoFoldersUseEachOther()
    {
        var graph = new FolderGraph(BetweenFolders);

        AssertNone(graph.Circles().Select(c => $"{string.Join(", ", c.Folders.Select(Name))}: {string.Join(", ", c.Example.Select(Text))}"), "groups of folders that use each other, with the shortest example");
    }

    /// <summary>The page changes with the code, which makes a change of direction visible in a diff.</summary>
    [TestMethod]
    public void ThePageOfDependenciesIsThatOfTheSource()
    {
        string csv = Path.Combine(AppContext.BaseDirectory, "type-references.csv");
        File.WriteAllLines(csv, _library.Value.References
            .Select(r => $"{r.FromType},{r.FromFile},{r.ToType},{r.ToFile}")
            .Order(StringComparer.Ordinal)
            .Prepend("fromType,fromFile,toType,toFile"));
        TestContext.AddResultFile(csv);
        string expected = new FolderGraph(BetweenFolders).ToMarkdown(_library.Value.Types.Select(t => t.Folder).Distinct().OrderBy(Rank).ThenBy(f => f, StringComparer.Ordinal));
        string received = Path.ChangeExtension(_matrixPath, ".received.md");
        if (File.Exists(_matrixPath) && File.ReadAllText(_matrixPath).ReplaceLineEndings("\n") == expected)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, expected);
        TestContext.AddResultFile(received);
        Assert.Fail($"{_matrixPath} is not what the source says: look at the difference to {received}, and put that in its place if it is meant.");
    }

    [TestMethod]
    public void EveryFileOpensWithASentence() =>
        AssertNone(TypeReferences.SourceFiles(SourceTree.Library).Where(p => !OpeningSentence().IsMatch(File.ReadLines(p).First())), "files without an opening sentence");

    [TestMethod]
    public void InternalTypesAreInTheirFoldersNamespace() =>
        AssertNone(
            _library.Value.Types.Where(t => IsOurs(t.Namespace) && t.Namespace != NamespaceOf(t)).Select(t => $"{t.File}: {t.Name} is in {t.Namespace}, not in {NamespaceOf(t)}"),
            "types in another namespace");

    [TestMethod]
    public void EveryClassIsSealedOrStatic()
    {
        var open = typeof(VisionTransformerTrainer).Assembly.GetTypes()
            .Where(t => t.IsClass && !t.IsSealed && t.Namespace is not null && IsOurs(t.Namespace) && !_abstractClasses.Contains(t.Name))
            .Select(t => t.FullName!);

        AssertNone(open, "classes that are not sealed");
    }

    /// <summary>Public types are where users look for them, whatever their folder: the extensions of ML.NET's catalogs in ML.NET's namespace, the others in ours.</summary>
    private static string NamespaceOf(SourceType type) => type switch
    {
        { IsPublic: true } when type.Namespace == "Microsoft.ML" && type.Folder.Length == 0 => type.Namespace,
        { IsPublic: true } or { Folder: "" } => "Microsoft.ML.VisionTransformer",
        _ when _filesOfPublicTypes.Value.Contains(type.File) => "Microsoft.ML.VisionTransformer",
        _ => $"Microsoft.ML.VisionTransformer.{type.Folder.Replace('/', '.')}",
    };

    /// <summary>Others are attributes that the runtime looks for in a namespace of its own.</summary>
    private static bool IsOurs(string name) => name.StartsWith("Microsoft.ML", StringComparison.Ordinal);

    private static int Rank(string folder) => Array.IndexOf(_order, folder);

    private static string Text(TypeReference reference) => $"{Name(reference.FromFolder)}: {reference.FromType} uses {Name(reference.ToFolder)}: {reference.ToType}";

    private static string Name(string folder) => FolderGraph.NameOf(folder);

    private static void AssertNone(IEnumerable<string> wrong, string what)
    {
        string[] found = [.. wrong.Order(StringComparer.Ordinal)];
        Assert.IsEmpty(found, $"{what}:\n{string.Join('\n', found)}\n");
    }

    [GeneratedRegex(@"^using Microsoft\.ML\.VisionTransformer\.([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex ImportedFolder();

    [GeneratedRegex(@"^\uFEFF?// .+\.$")]
    private static partial Regex OpeningSentence();
}
