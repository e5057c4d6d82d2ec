// Asserts that native memory came back: as many live tensors after the work as before it.
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class LiveTensors
{
    /// <summary>Runs the work once to warm up (lazy constants of libraries), then again, counting.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="parametersCreated">
    /// Parameters that the work creates. TorchSharp 0.107 counts a parameter twice when it takes over a tensor and once when it is disposed, so
    /// that the count rises by one for each although no memory stays.
    /// </param>
    internal static void AssertSameAfter(Action work, int parametersCreated = 0)
    {
        work();
        // What earlier tests left to the finalizer goes now; what this work leaves to it is not forgiven.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = torch.Tensor.TotalCount;
        work();
        Assert.AreEqual(before + parametersCreated, torch.Tensor.TotalCount, "live tensors before the work, with the parameters that are counted twice, and after it");
    }
}
