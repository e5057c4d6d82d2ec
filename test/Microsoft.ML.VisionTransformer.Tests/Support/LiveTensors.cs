// Asserts that native memory is released: the numbers of live tensors and buffers are the same before and after the work.
using System.Reflection;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class LiveTensors
{
    /// <summary>The library's own buffers. By reflection, because not every test project sees its internals.</summary>
    private static readonly PropertyInfo _liveBuffers = typeof(VisionTransformerTrainer).Assembly
        .GetType("Microsoft.ML.VisionTransformer.Common.FloatBuffer", throwOnError: true)!
        .GetProperty("LiveCount", BindingFlags.Static | BindingFlags.NonPublic)!;

    private static long LiveBuffers => (long)_liveBuffers.GetValue(null)!;

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
        long before = torch.Tensor.TotalCount, buffers = LiveBuffers;
        work();
        Assert.AreEqual(before + parametersCreated, torch.Tensor.TotalCount, "live tensors before the work, with the parameters that are counted twice, and after it");
        Assert.AreEqual(buffers, LiveBuffers, "live buffers before and after the work");
    }
}
