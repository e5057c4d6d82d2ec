// Arithmetic that a garbage collection cannot disturb.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class TensorMathTests
{
    [TestMethod]
    public void EachOperationIsWhatItsNameSays()
    {
        using var scope = NewDisposeScope();
        Tensor X() => tensor(new[] { 1f, 2f });
        var (y, z) = (tensor(new[] { 10f, 20f }), tensor(new[] { 4f, 5f }));

        Assert.AreEqual(tensor(new[] { 11f, 22f }), X().Plus(y));
        Assert.AreEqual(tensor(new[] { 11f, 22f }), X().PlusInPlace(y));
        Assert.AreEqual(tensor(new[] { 1.5f, 2.5f }), X().PlusInPlace(0.5));
        Assert.AreEqual(tensor(new[] { 0.5f, 1f }), X().Times(0.5));
        Assert.AreEqual(tensor(new[] { 3f, 6f }), X().TimesInPlace(3));
        Assert.AreEqual(tensor(new[] { 3.25f, 6.5f }), X().MoveTowardsInPlace(y, 0.25));
        Assert.AreEqual(tensor(new[] { 81f, 202f }), X().PlusProductInPlace(y, z, 2));
        Assert.AreEqual(tensor(new[] { 6f, 10f }), X().PlusQuotientInPlace(y, z, 2));
    }

    [TestMethod]
    public void CollectionsWhileItRunsDoNoHarm()
    {
        // With TorchSharp's own operators this fails within a second or two: "Expected false to be true", or a wrong sum.
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            using var x = ones(200, 1000);
            using var y = ones(200, 1000);
            for (int i = 0; i < 4000; i++)
            {
                using var sum = x.Plus(y);
                using var half = sum.Times(0.5);
                if (i % 200 == 0)
                    Assert.AreEqual(x, half);
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }
}
