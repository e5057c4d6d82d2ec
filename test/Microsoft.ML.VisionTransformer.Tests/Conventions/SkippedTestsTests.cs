// A test that cannot run is skipped at its start, and only through Requires.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed partial class SkippedTestsTests
{
    private static readonly string[] _skips = ["Assert.Inconclusive", "AssertInconclusiveException", "[Ignore"];

    [TestMethod]
    public void OnlyRequiresSkipsATest()
    {
        string[] found = [.. Sources().Where(s => s.Name is not ("Requires.cs" or "SkippedTestsTests.cs") && _skips.Any(s.Text.Contains)).Select(s => s.Name)];

        Assert.IsEmpty(found, string.Join(", ", found));
    }

    [TestMethod]
    public void WhatATestNeedsIsCheckedInItsFirstLines()
    {
        string[] found = [.. Sources().Where(s => s.Name is not ("Requires.cs" or "SkippedTestsTests.cs")).SelectMany(s => LateChecks(s.Text).Select(line => $"{s.Name}: {line}"))];

        Assert.IsEmpty(found, string.Join('\n', found));
    }

    [TestMethod]
    public void WhatReadsOptionalDataChecksForIt()
    {
        string[] found =
        [
            .. Sources().Where(s => s.Name is not ("OptionalData.cs" or "Requires.cs" or "SkippedTestsTests.cs" or "RealModel.cs"))
                .Where(s => s.Text.Contains(" OptionalData.", StringComparison.Ordinal) || s.Text.Contains("(OptionalData.", StringComparison.Ordinal) || s.Text.Contains("RealModel()", StringComparison.Ordinal))
                .Where(s => !s.Text.Contains("Requires.OptionalData();", StringComparison.Ordinal))
                .Select(s => s.Name),
        ];

        Assert.IsEmpty(found, string.Join(", ", found));
    }

    /// <summary>Nothing else may look outside the repository.</summary>
    [TestMethod]
    public void OnlyOptionalDataNamesTheSharedFolder()
    {
        string[] found = [.. Sources().Where(s => s.Name is not ("OptionalData.cs" or "SkippedTestsTests.cs")).Where(s => s.Text.Contains("\"shared\"", StringComparison.Ordinal)).Select(s => s.Name)];

        Assert.IsEmpty(found, string.Join(", ", found));
    }

    [TestMethod]
    [DataRow("public void Test()\n{\n    Requires.Avx2();\n    Requires.Avx512();\n    Run();\n}", 0)]
    [DataRow("public void Test() => Requires.Avx2();", 0)]
    [DataRow("public void Test()\n{\n    if (Wide)\n        Requires.Avx512();\n}", 0, DisplayName = "a condition on a row's values")]
    [DataRow("public void Test()\n{\n    Run();\n    Requires.Avx2();\n}", 1)]
    [DataRow("public void Test()\n{\n    Assert.Throws(() => Requires.Avx2());\n}", 1)]
    [DataRow("public void Test()\n{\n    Assert.Throws(() =>\n    {\n        Requires.Avx2();\n    });\n}", 1)]
    [DataRow("public void Test()\n{\n    using var hosts = new TwoHosts();\n    TwoHosts.Require();\n}", 1)]
    public void ALateCheckIsFound(string source, int count) => Assert.HasCount(count, LateChecks(source).ToArray());

    private static IEnumerable<string> LateChecks(string source)
    {
        string[] lines = [.. source.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal))];
        for (int i = 0; i < lines.Length; i++)
        {
            if (!Check().IsMatch(lines[i]) || Signature().IsMatch(lines[i]))
                continue;
            int first = i;
            while (first > 0 && (CheckAlone().IsMatch(lines[first]) || Condition().IsMatch(lines[first])))
                first--;
            if (first == i || lines[first] != "{" || first == 0 || !Signature().IsMatch(lines[first - 1]))
                yield return lines[i];
        }
    }

    private static IEnumerable<(string Name, string Text)> Sources() => Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "test"), "*.cs", SearchOption.AllDirectories)
        .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Select(path => (Path.GetFileName(path), File.ReadAllText(path).ReplaceLineEndings("\n")));

    [GeneratedRegex(@"\bRequires\.(?!ProgramPath)\w+\(|\bRequire\w*\(")]
    private static partial Regex Check();

    [GeneratedRegex(@"^((\w+\.)?Require\w*\(.*\)|Requires\.\w+\(.*\));$")]
    private static partial Regex CheckAlone();

    [GeneratedRegex(@"^(if|foreach) \(.*\)$")]
    private static partial Regex Condition();

    [GeneratedRegex(@"^(public|private|internal) .*\)( => .*;)?$")]
    private static partial Regex Signature();
}
