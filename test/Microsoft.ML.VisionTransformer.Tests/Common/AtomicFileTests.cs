// A file is replaced completely or not at all.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class AtomicFileTests
{
    [TestMethod]
    public void Write_ReplacesTheOldFile()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.txt");
        File.WriteAllText(path, "a longer old text");

        AtomicFile.Write(path, stream => stream.Write("new"u8));

        Assert.AreEqual("new", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Write_InterruptedMidway_LeavesTheOldFileAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.txt");
        File.WriteAllText(path, "old");

        Assert.ThrowsExactly<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("ne"u8);
            throw new InvalidOperationException();
        }));

        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Write_FailsAndCannotCleanUp_SaysWhatFailedFirst()
    {
        using var folder = new TemporaryFolder();
        string inside = folder.File("gone");
        Directory.CreateDirectory(inside);

        Assert.ThrowsExactly<InvalidOperationException>(() => AtomicFile.Write(Path.Combine(inside, "a.txt"), _ =>
        {
            Directory.Delete(inside, recursive: true);    // nothing can be deleted in it any more
            throw new InvalidOperationException();
        }));
    }

    [TestMethod]
    public void Write_KeepsTheOldFileUnderAnotherName()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.txt"), previous = folder.File("a.previous.txt");
        foreach (string text in new[] { "one", "two", "three" })
            AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)), previous);

        Assert.AreEqual("three", File.ReadAllText(path));
        Assert.AreEqual("two", File.ReadAllText(previous));
        Assert.HasCount(2, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void RemoveAbandoned_LeavesWhatALivingWriterHolds()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.txt");

        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            AtomicFile.RemoveAbandoned(path, TimeSpan.Zero);
        });

        Assert.AreEqual("new", File.ReadAllText(path));
    }
}
