// The limit of a wait for other processes, as the environment sets it.
using Microsoft.ML.VisionTransformer.Distributed;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed;

[TestClass]
public sealed class WaitLimitTests
{
    [TestMethod]
    [DataRow(null, 1800)]
    [DataRow("0", 0)]
    [DataRow("45", 45)]
    public void TheLimitIsAWholeNumberOfSeconds(string? value, int seconds) => Assert.AreEqual(seconds, WaitLimit.Seconds(value));

    [TestMethod]
    [DataRow("")]
    [DataRow("-1")]
    [DataRow("1.5")]
    [DataRow("long")]
    public void AnythingElseIsRefused(string value)
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => WaitLimit.Seconds(value));

        StringAssert.Contains(error.Message, WaitLimit.Variable);
    }
}
