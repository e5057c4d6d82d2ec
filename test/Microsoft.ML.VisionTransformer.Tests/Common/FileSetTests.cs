// Files that belong together are replaced together: a failure leaves the old set or no set that a reader would open.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class FileSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Commit_ReplacesAllAndRemovesWhatTheNewSetLacks()
    {
        Old("main", "part", "gone");
        using (var files = New("main", "part"))
        {
            files.Remove(_folder.File("gone"));
            files.Commit();
        }

        CollectionAssert.AreEqual(new[] { "main: new", "part: new" }, Content());
    }

    [TestMethod]
    public void TwoWriters_NeverLeaveAMixture()
    {
        for (int round = 0; round < 40; round++)
        {
            using var barrier = new Barrier(2);
            Parallel.Invoke([.. "ab".Select(writer => (Action)(() =>
            {
                using var files = new FileSet(_folder.File("main"));
                foreach (string name in new[] { "part", "main" })
                    files.Write(_folder.File(name), stream => stream.WriteByte((byte)writer));
                barrier.SignalAndWait();
                files.Commit();
            }))]);

            CollectionAssert.AreEqual(File.ReadAllBytes(_folder.File("main")), File.ReadAllBytes(_folder.File("part")), $"round {round}");
        }
    }

    [TestMethod]
    public void WithoutCommit_TheOldFilesStay()
    {
        Old("main", "part");
        New("main", "part").Dispose();

        CollectionAssert.AreEqual(new[] { "main: old", "part: old" }, Content());
    }

    [TestMethod]
    public void WithoutCommit_CannotCleanUp_TheFirstErrorStays()
    {
        string inside = _folder.File("gone");
        Directory.CreateDirectory(inside);

        Assert.ThrowsExactly<InvalidOperationException>(() =>
        {
            using var files = new FileSet(Path.Combine(inside, "main"));
            files.Write(Path.Combine(inside, "part"), stream => stream.WriteByte(1));
            files.Write(Path.Combine(inside, "main"), stream => stream.WriteByte(1));
            Directory.Delete(inside, recursive: true);
            throw new InvalidOperationException();
        });
    }

    [TestMethod]
    public void Commit_FailsBeforeAnythingChanged_KeepsTheOldSet()
    {
        Old("main", "part");
        using (var files = New("main", "folder", "part"))
        {
            Directory.CreateDirectory(_folder.File("folder"));
            Assert.Throws<IOException>(files.Commit);
        }

        CollectionAssert.AreEqual(new[] { "main: old", "part: old" }, Content());
    }

    /// <summary>The state of the files is that of a process that was killed at this point.</summary>
    [TestMethod]
    public void Commit_FailsInBetween_LeavesNoMainFile()
    {
        Old("main", "part");
        using (var files = New("main", "part", "folder"))
        {
            Directory.CreateDirectory(_folder.File("folder"));
            Assert.Throws<IOException>(files.Commit);
        }

        CollectionAssert.AreEqual(new[] { "part: new" }, Content());
    }

    [TestMethod]
    public void Write_RemovesWhatAKilledProcessLeft()
    {
        string path = _folder.File("a.txt"), old = $"{path}.{Guid.NewGuid():N}.tmp", fresh = $"{path}.{Guid.NewGuid():N}.tmp", other = _folder.File("a.txt.tmp");
        foreach (string left in new[] { old, fresh, other })
            File.WriteAllText(left, "left");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-1));
        File.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddHours(-1));

        using (var files = New("a.txt"))
            files.Commit();

        Assert.IsFalse(File.Exists(old));
        Assert.IsTrue(File.Exists(fresh), "another process may be writing it");
        Assert.IsTrue(File.Exists(other), "its name is not that of a temporary file");
    }

    private void Old(params string[] names)
    {
        foreach (string name in names)
            File.WriteAllText(_folder.File(name), "old");
    }

    private FileSet New(string main, params string[] others)
    {
        var files = new FileSet(_folder.File(main));
        foreach (string name in others.Prepend(main))
            files.Write(_folder.File(name), stream => stream.Write("new"u8));
        return files;
    }

    private string[] Content() => [.. Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal).Select(path => $"{Path.GetFileName(path)}: {File.ReadAllText(path)}")];
}
