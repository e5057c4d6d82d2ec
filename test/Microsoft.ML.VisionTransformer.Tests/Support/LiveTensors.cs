// Asserts that native memory is released: the number of live tensors is the same before and after the work.
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class LiveTensors
{
    /// <summary>Runs the work once to warm up (lazy constants of libraries), then again, counting.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="parametersCreated">
    /// Parameters that the work creates. TorchSharp 0.107 counts a parameter twice when it takes over a tensor and once when it is disposed,
    /// so the count increases by one for each although no memory is leaked.
    /// </param>
    internal static void AssertSameAfter(Action work, int parametersCreated = 0)
    {
        work();
        // Finalizes the leftovers of earlier tests. Tensors that this work leaves to the finalizer count as leaks.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = torch.Tensor.TotalCount;
        work();
        Assert.AreEqual(before + parametersCreated, torch.Tensor.TotalCount, "live tensors before the work, with the parameters that are counted twice, and after it");
    }
}
