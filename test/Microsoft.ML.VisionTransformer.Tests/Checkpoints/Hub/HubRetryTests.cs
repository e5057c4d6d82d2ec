// The delays between attempts.
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Hub;

[TestClass]
public sealed class HubRetryTests
{
    [TestMethod]
    [DataRow(1, 0.0, 1.0)]
    [DataRow(2, 0.0, 2.0)]
    [DataRow(4, 0.0, 8.0)]
    [DataRow(9, 0.0, 8.0)]
    [DataRow(1, 0.5, 0.75)]
    [DataRow(9, 1.0, 4.0)]
    public void TheWait_DoublesUpToItsLimit_LessARandomHalf(int failed, double random, double seconds) =>
        Assert.AreEqual(seconds, HubRetry.Wait(failed, null, Settings(random)).TotalSeconds, 1e-9);

    [TestMethod]
    [DataRow(0.1, 1.0)]
    [DataRow(60.0, 60.0)]
    [DataRow(301.0, 300.0)]
    [DataRow(-5.0, 1.0)]
    public void TheWaitThatAServerAsksFor_IsKeptWithinLimits(double asked, double seconds) =>
        Assert.AreEqual(seconds, HubRetry.Wait(1, TimeSpan.FromSeconds(asked), Settings(0)).TotalSeconds, 1e-9);

    private static HubSettings Settings(double random) => new() { CacheFolder = "unused", Jitter = () => random };
}
