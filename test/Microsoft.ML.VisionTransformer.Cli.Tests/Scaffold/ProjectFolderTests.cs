// A project folder has all files of a project, or after an error what it had before.
using System.Text;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Scaffold;

[TestClass]
public sealed class ProjectFolderTests
{
    [TestMethod]
    public void AllFilesAreWrittenAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        string project = Path.Combine(folder.Path, "a", "b");

        ProjectFolder.Write(project, [Text("one"), Text("two")], replace: false);

        CollectionAssert.AreEquivalent(new[] { "one", "two" }, Names(project));
        Assert.AreEqual("new two", File.ReadAllText(Path.Combine(project, "two")));
    }

    [TestMethod]
    public void AFolderThatWasMadeForAFailureIsGone()
    {
        using var folder = new TemporaryFolder();

        Assert.ThrowsExactly<IOException>(() => ProjectFolder.Write(Path.Combine(folder.Path, "a", "b"), [Text("one"), Failing("two")], replace: false));

        Assert.IsEmpty(Names(folder.Path));
    }

    /// <summary>The second file cannot be moved: while it is written, a folder takes its name.</summary>
    [TestMethod]
    public void ReplacedFilesAreBackAfterAFailure()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("one"), "old one");
        File.WriteAllText(folder.File("other"), "mine");
        var blocking = new ProjectFile("two", stream =>
        {
            stream.Write("new two"u8);
            Directory.CreateDirectory(Path.Combine(folder.Path, "two"));
        });

        Assert.Throws<IOException>(() => ProjectFolder.Write(folder.Path, [Text("one"), blocking, Text("three")], replace: true));

        Directory.Delete(Path.Combine(folder.Path, "two"));
        CollectionAssert.AreEquivalent(new[] { "one", "other" }, Names(folder.Path));
        Assert.AreEqual("old one", File.ReadAllText(folder.File("one")));
    }

    [TestMethod]
    public void AFileThatCannotBeWrittenLeavesTheOldOnes()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("one"), "old one");

        Assert.ThrowsExactly<IOException>(() => ProjectFolder.Write(folder.Path, [Text("one"), Failing("two")], replace: true));

        CollectionAssert.AreEquivalent(new[] { "one" }, Names(folder.Path));
        Assert.AreEqual("old one", File.ReadAllText(folder.File("one")));
    }

    private static string[] Names(string folder) => [.. new DirectoryInfo(folder).GetFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }).Select(entry => entry.Name)];

    private static ProjectFile Text(string name) => new(name, stream => stream.Write(Encoding.UTF8.GetBytes($"new {name}")));

    private static ProjectFile Failing(string name) => new(name, _ => throw new IOException("no space left"));
}
