// When a changed file is reported: after it has stayed the same, once, also without notifications.
using Microsoft.ML.VisionTransformer.Hosting.Models;
using Microsoft.ML.VisionTransformer.Hosting.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests.Models;

[TestClass]
public sealed class ModelFileWatcherTests
{
    private static readonly TimeSpan _long = TimeSpan.FromMinutes(5);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task AFileThatIsStillWritten_IsReportedOnceWhenItIsComplete()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write([1]);
        int length = 1;
        var reported = new List<int>();
        using var watcher = new ModelFileWatcher(path, ModelFileWatcher.Stamp.Of(path), TimeSpan.FromSeconds(1), _long, () =>
        {
            reported.Add(Volatile.Read(ref length));
            return true;
        });

        for (; length < 10; length++)
        {
            await File.WriteAllBytesAsync(path, new byte[length + 1], TestContext.CancellationToken);
            await Task.Delay(50, TestContext.CancellationToken);
        }

        await Eventually.HoldsAsync(() => reported.Count > 0, "the file is reported");
        await Task.Delay(2500, TestContext.CancellationToken);
        CollectionAssert.AreEqual(new[] { 10 }, reported);
    }

    [TestMethod]
    public async Task AFileBehindALink_IsCheckedAtIntervals()
    {
        // Notifications are about the link, which stays the same.
        using var folder = new TemporaryFolder();
        string target = folder.Write([1], Path.Combine("elsewhere", "model.zip"));
        string link = folder.File("model.zip");
        File.CreateSymbolicLink(link, target);
        int reports = 0;
        using var watcher = new ModelFileWatcher(link, ModelFileWatcher.Stamp.Of(link), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100), () => ++reports > 0);

        await File.WriteAllBytesAsync(target, [1, 2], TestContext.CancellationToken);

        await Eventually.HoldsAsync(() => reports == 1, "the file is reported");
    }

    [TestMethod]
    public async Task AFileThatIsGone_IsNotReportedUntilItIsBack()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write([1]);
        int reports = 0;
        using var watcher = new ModelFileWatcher(path, ModelFileWatcher.Stamp.Of(path), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100), () => ++reports > 0);

        File.Delete(path);
        await Task.Delay(500, TestContext.CancellationToken);
        Assert.AreEqual(0, reports);
        await File.WriteAllBytesAsync(path, [1, 2], TestContext.CancellationToken);

        await Eventually.HoldsAsync(() => reports == 1, "the file is reported");
    }

    [TestMethod]
    public async Task AFileThatCouldNotBeRead_IsReportedAgain()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write([1]);
        int reports = 0;
        using var watcher = new ModelFileWatcher(path, ModelFileWatcher.Stamp.Of(path), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100), () => ++reports == 3);

        await File.WriteAllBytesAsync(path, [1, 2], TestContext.CancellationToken);

        await Eventually.HoldsAsync(() => reports == 3, "the file is reported until it was read");
        await Task.Delay(500, TestContext.CancellationToken);
        Assert.AreEqual(3, reports);
    }

    [TestMethod]
    public void LinksInACircle_AreAFileThatIsMissing()
    {
        using var folder = new TemporaryFolder();
        string first = folder.File("first.zip"), second = folder.File("second.zip");
        File.CreateSymbolicLink(first, second);
        File.CreateSymbolicLink(second, first);

        Assert.AreEqual(ModelFileWatcher.Stamp.Missing, ModelFileWatcher.Stamp.Of(first));
    }
}
