// Asserts that native memory came back: as many live tensors after the work as before it.
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class LiveTensors
{
    /// <summary>Runs the work once to warm up (lazy constants of libraries), then again, counting.</summary>
    internal static void AssertSameAfter(Action work)
    {
        work();
        long before = torch.Tensor.TotalCount;
        work();
        Assert.AreEqual(before, torch.Tensor.TotalCount, "live tensors, before and after");
    }
}
