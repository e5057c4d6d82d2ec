// Data flows one way: a folder of the library uses only those below it, and no two folders use each other.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed partial class FolderDirectionTests
{
    /// <summary>From top to bottom. A folder inside another one has the rank of that one, unless it has a line of its own.</summary>
    private static readonly string[] _order = ["", "Trainers", "Transformers", "Explain", "Onnx", "Checkpoints", "Images", "Network", "Distributed", "Interop", "Common"];

    /// <summary>Uses that close a circle and are still there. Each must go; none may come.</summary>
    private static readonly (string From, string To)[] _knownCircles =
    [
        ("Checkpoints", "Checkpoints/Configs"),
        ("Checkpoints", "Checkpoints/Hub"),
        ("Checkpoints", "Checkpoints/Names"),
        ("Checkpoints", "Checkpoints/Npz"),
        ("Checkpoints", "Checkpoints/Onnx"),
        ("Checkpoints", "Checkpoints/Pth"),
        ("Checkpoints", "Checkpoints/Safetensors"),
        ("Checkpoints/Fitting", "Checkpoints"),
        ("Distributed/Mpi", "Distributed"),
        ("Images", "Images/Augmentation"),
        ("Network", "Network/Presets"),
        ("Onnx", "Onnx/Network"),
        ("Trainers", "Trainers/LinearProbe"),
        ("Trainers", "Trainers/Survival"),
        ("Trainers/Optimizers", "Trainers"),
        ("Trainers/Teamwork", "Trainers"),
        ("Trainers/Teamwork", "Trainers/Survival"),
        ("Trainers/Telling", "Trainers"),
        ("Trainers/Telling", "Trainers/Survival"),
    ];

    /// <summary>Whether an internal type of Folder/Subfolder is in the namespace Folder.Subfolder; otherwise it is in that of Folder.</summary>
    private const bool SubfoldersAreNamespaces = false;

    private static readonly string[] _abstractClasses = ["ImageSource", "ClassLabels", "LabelValueType", "StoredTensor", "CheckpointFile", "FlatOptimizer"];

    private static readonly string _matrixPath = Path.Combine(SourceTree.Root, "docs", "folder-dependencies.md");

    private static readonly Lazy<TypeReferences> _library = new(() => TypeReferences.Read(SourceTree.Library, LibraryAssemblies.References()));

    private static IEnumerable<TypeReference> BetweenFolders => _library.Value.References.Where(r => r.FromFolder != r.ToFolder);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EachFolderHasARankAndEachRankAFolder()
    {
        string[] folders = [.. _library.Value.Types.Select(t => t.Folder).Distinct()];

        Assert.IsEmpty(folders.Where(f => Rank(f) < 0), "folders without a place in the order");
        Assert.IsEmpty(_order.Where(o => !folders.Any(f => f == o || f.StartsWith($"{o}/", StringComparison.Ordinal))), "places in the order without a folder");
    }

    [TestMethod]
    public void NoFolderUsesOneAboveIt() =>
        AssertNone(BetweenFolders.Where(r => Rank(r.FromFolder) > Rank(r.ToFolder)).Select(Text), "types that use one of a folder above theirs");

    [TestMethod]
    public void NoFoldersUseEachOther()
    {
        var graph = new FolderGraph(BetweenFolders.Where(r => !_knownCircles.Contains((r.FromFolder, r.ToFolder))));

        AssertNone(graph.Circles().Select(c => $"{string.Join(", ", c.Folders.Select(Name))}: {string.Join(", ", c.Example.Select(Text))}"), "groups of folders that use each other, with the shortest example");
    }

    [TestMethod]
    public void EachKnownCircleIsStillThere()
    {
        var stale = _knownCircles.Where(known => new FolderGraph(BetweenFolders.Where(r =>
            (r.FromFolder, r.ToFolder) == known || !_knownCircles.Contains((r.FromFolder, r.ToFolder)))).Circles().Count == 0);

        AssertNone(stale.Select(k => $"{Name(k.From)} -> {Name(k.To)}"), "known circles that are gone; take them from the table");
    }

    /// <summary>The page changes with the code, so that a change of direction is seen by who reads the difference.</summary>
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
        _ => $"Microsoft.ML.VisionTransformer.{(SubfoldersAreNamespaces ? type.Folder.Replace('/', '.') : type.Folder.Split('/')[0])}",
    };

    /// <summary>Others are attributes that the runtime looks for in a namespace of its own.</summary>
    private static bool IsOurs(string name) => name.StartsWith("Microsoft.ML", StringComparison.Ordinal);

    private static int Rank(string folder)
    {
        int rank = Array.IndexOf(_order, folder);
        return rank >= 0 || !folder.Contains('/') ? rank : Rank(SourceType.FolderOf(folder));
    }

    private static string Text(TypeReference reference) => $"{Name(reference.FromFolder)}: {reference.FromType} uses {Name(reference.ToFolder)}: {reference.ToType}";

    private static string Name(string folder) => FolderGraph.NameOf(folder);

    private static void AssertNone(IEnumerable<string> wrong, string what)
    {
        string[] found = [.. wrong.Order(StringComparer.Ordinal)];
        Assert.IsEmpty(found, $"{what}:\n{string.Join('\n', found)}\n");
    }

    [GeneratedRegex(@"^\uFEFF?// .+\.$")]
    private static partial Regex OpeningSentence();
}
