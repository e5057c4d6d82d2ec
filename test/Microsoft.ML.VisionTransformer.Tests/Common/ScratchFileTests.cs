// Private temporary files: content can be read at any offset, and nothing is left behind.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class ScratchFileTests
{
    [TestMethod]
    public void WhatIsAppendedIsReadBackInAnyOrderOnAnyThread()
    {
        using var folder = new TemporaryFolder();
        using var file = ScratchFile.Create(folder.Path);
        byte[][] chunks = [.. Enumerable.Range(1, 50).Select(n => Enumerable.Repeat((byte)n, n * 7).ToArray())];
        long[] offsets = [.. chunks.Select(p => file.Append(p))];

        byte[][] found = new byte[50][];
        Parallel.For(0, 50, i =>
        {
            found[i] = new byte[chunks[i].Length];
            file.Read(offsets[i], found[i]);
        });

        for (int i = 0; i < 50; i++)
            CollectionAssert.AreEqual(chunks[i], found[i]);
        Assert.AreEqual(chunks.Sum(p => p.Length), file.Length);
    }

    [TestMethod]
    public void NothingIsLeftWhenItIsClosed()
    {
        using var folder = new TemporaryFolder();
        using (var file = ScratchFile.Create(folder.Path))
            file.Append([1, 2, 3]);

        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void OnUnixItHasNoNameFromTheStartSoThatNothingIsLeftWhenTheProcessDies()
    {
        Requires.Unix("on Windows the file has a name until its last handle is closed");
        using var folder = new TemporaryFolder();

        using var file = ScratchFile.Create(folder.Path);

        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void AMissingFolderIsMade()
    {
        using var folder = new TemporaryFolder();

        using var file = ScratchFile.Create(Path.Combine(folder.Path, "a", "b"));

        Assert.IsTrue(Directory.Exists(Path.Combine(folder.Path, "a", "b")));
    }

    [TestMethod]
    public void AFolderThatIsAFileIsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("taken");
        File.WriteAllText(path, "");

        var error = Assert.ThrowsExactly<IOException>(() => ScratchFile.Create(path));

        Assert.Contains(path, error.Message);
    }

    [TestMethod]
    public void AFullDiskIsAnErrorAndNothingCountsAsWritten()
    {
        Requires.FullDevice();
        using var file = ScratchFile.On(new FileStream("/dev/full", new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Write, BufferSize = 0 }));

        Assert.Throws<IOException>(() => file.Append([1, 2, 3]));

        Assert.AreEqual(0, file.Length);
    }

    [TestMethod]
    public void AFileThatWasCutShortIsAnErrorAndNoEndlessLoop()
    {
        using var folder = new TemporaryFolder();
        var stream = new FileStream(folder.File("cut"), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0 });
        using var file = ScratchFile.On(stream);
        long offset = file.Append(new byte[100]);
        stream.SetLength(60);

        Assert.ThrowsExactly<EndOfStreamException>(() => file.Read(offset, new byte[100]));
    }
}
