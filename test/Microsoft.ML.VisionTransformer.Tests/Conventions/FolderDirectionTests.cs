// Data flows one way: a folder of the library uses only those below it.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed partial class FolderDirectionTests
{
    /// <summary>From top to bottom.</summary>
    private static readonly string[] _order = ["", "Trainers", "Transformers", "Explain", "Onnx", "Checkpoints", "Images", "Network", "Distributed", "Interop", "Common"];

    [TestMethod]
    public void NoFolderUsesOneAboveIt()
    {
        var wrong = new List<string>();
        foreach (var (folder, path) in SourceFiles())
        {
            int rank = Array.IndexOf(_order, folder);
            Assert.IsGreaterThanOrEqualTo(0, rank, $"{path}: the folder {folder} has no place in the order");
            wrong.AddRange(UsedFolders().Matches(File.ReadAllText(path))
                .Where(m => Array.IndexOf(_order, m.Groups[1].Value) < rank)
                .Select(m => $"{path} uses {m.Groups[1].Value}"));
        }

        Assert.IsEmpty(wrong);
    }

    [TestMethod]
    public void EveryFileOpensWithASentence()
    {
        var wrong = SourceFiles().Select(f => f.Path).Where(p => !OpeningSentence().IsMatch(File.ReadLines(p).First()));

        Assert.IsEmpty(wrong);
    }

    [TestMethod]
    public void InternalTypesAreInTheirFoldersNamespace()
    {
        var wrong = typeof(VisionTransformerTrainer).Assembly.GetTypes()
            .Where(t => !t.IsPublic && !t.IsNested && t.Namespace is not null && t.Namespace.StartsWith("Microsoft.ML", StringComparison.Ordinal) && !t.Name.StartsWith('<'))
            .Where(t => !_order.Skip(1).Contains(t.Namespace!.Split('.').Last()))
            .Select(t => t.FullName!);

        Assert.IsEmpty(wrong);
    }

    [TestMethod]
    public void EveryClassIsSealedOrStatic()
    {
        string[] bases = ["ImageSource", "ClassLabels", "LabelValueType", "StoredTensor", "CheckpointFile", "FlatOptimizer"];
        var open = typeof(VisionTransformerTrainer).Assembly.GetTypes()
            .Where(t => t.IsClass && !t.IsSealed && t.Namespace?.StartsWith("Microsoft.ML", StringComparison.Ordinal) == true && !bases.Contains(t.Name))
            .Select(t => t.FullName!);

        Assert.IsEmpty(open);
    }

    private static IEnumerable<(string Folder, string Path)> SourceFiles() =>
        Directory.EnumerateFiles(SourceTree.Library, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Relative: Path.GetRelativePath(SourceTree.Library, path), Path: path))
            .Where(f => f.Relative.Split(Path.DirectorySeparatorChar)[0] is not ("obj" or "bin"))
            .Select(f => (Folder: Path.GetDirectoryName(f.Relative)!.Split(Path.DirectorySeparatorChar)[0], f.Path));

    [GeneratedRegex(@"^using (?:static )?Microsoft\.ML\.VisionTransformer\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex UsedFolders();

    [GeneratedRegex(@"^\uFEFF?// .+\.$")]
    private static partial Regex OpeningSentence();
}
