// The tests mirror the library: each source file has a test class with its name in the same folder, or an entry in a list that states where it is tested.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed partial class MirrorTests
{
    private const string ListName = "untested-files.txt";

    private static readonly string[] _sources = [.. TypeReferences.SourceFiles(SourceTree.Library).Select(p => TypeReferences.Relative(SourceTree.Library, p))];

    private static readonly HashSet<string> _tests =
        [.. TypeReferences.SourceFiles(SourceTree.Tests).Select(p => TypeReferences.Relative(SourceTree.Tests, p)).Where(p => p.EndsWith("Tests.cs", StringComparison.Ordinal))];

    private static readonly (string File, string Reason)[] _elsewhere = ReadList();

    [TestMethod]
    public void EachSourceFileHasATestClassOrAReason()
    {
        var untold = _sources.Where(s => !_tests.Contains(TestOf(s)) && !_elsewhere.Any(e => e.File == s));

        Assert.IsEmpty(untold, $"source files that need a test class at the same place, or a line in {ListName}: {string.Join(", ", untold)}");
    }

    [TestMethod]
    public void EachReasonIsStillNeeded()
    {
        var stale = _elsewhere.Where(e => !_sources.Contains(e.File) || _tests.Contains(TestOf(e.File))).Select(e => e.File);

        Assert.IsEmpty(stale, $"lines of {ListName} whose file is gone or has a test class now: {string.Join(", ", stale)}");
        CollectionAssert.AreEqual(_elsewhere.Select(e => e.File).Distinct().Order(StringComparer.Ordinal).ToArray(), _elsewhere.Select(e => e.File).ToArray(), $"{ListName} is sorted, and has each file once");
    }

    [TestMethod]
    public void EachReasonNamesATestClassThatIsThere()
    {
        var wrong = _elsewhere.Where(e => TestNames(e.Reason) is var names && (names.Length == 0 || !Array.TrueForAll(names, n => _tests.Contains($"{n}.cs"))))
            .Select(e => $"{e.File}: {e.Reason}");

        Assert.IsEmpty(wrong, $"lines of {ListName} without a test class, or with one that is gone: {string.Join('\n', wrong)}");
    }

    private static string TestOf(string source) => $"{source[..^".cs".Length]}Tests.cs";

    private static string[] TestNames(string reason) => [.. TestName().Matches(reason).Select(m => m.Value)];

    /// <summary>One entry per line: file, tab, reason. Lines that start with # are comments.</summary>
    private static (string File, string Reason)[] ReadList() =>
        [.. File.ReadAllLines(Path.Combine(SourceTree.Tests, "Conventions", ListName))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split('\t') is [var file, var reason] ? (file, reason) : throw new InvalidDataException($"{ListName}: '{line}' is not a file, a tab and a reason."))];

    [GeneratedRegex(@"[\w/.]+Tests\b")]
    private static partial Regex TestName();
}
