// Tensor arithmetic that is safe from garbage collection.
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

        CollectionAssert.AreEqual(new[] { 11f, 22f }, Values(X().Plus(y)));
        CollectionAssert.AreEqual(new[] { 11f, 22f }, Values(X().PlusInPlace(y)));
        CollectionAssert.AreEqual(new[] { 1.5f, 2.5f }, Values(X().PlusInPlace(0.5)));
        CollectionAssert.AreEqual(new[] { 0.5f, 1f }, Values(X().Times(0.5)));
        CollectionAssert.AreEqual(new[] { 3f, 6f }, Values(X().TimesInPlace(3)));
        CollectionAssert.AreEqual(new[] { 3.5f, 7f }, Values(X().PlusInPlace(y, 0.25)));
        CollectionAssert.AreEqual(new[] { 81f, 202f }, Values(X().PlusProductInPlace(y, z, 2)));
        CollectionAssert.AreEqual(new[] { 6f, 10f }, Values(X().PlusQuotientInPlace(y, z, 2)));
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
            for (int i = 0; i < 300; i++)
            {
                using var sum = x.Plus(y);
                using var half = sum.Times(0.5);
                if (i % 20 == 0)
                    CollectionAssert.AreEqual(Values(x), Values(half));
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }

    private static float[] Values(Tensor x) => x.data<float>().ToArray();
}
