// NaN and infinity among weights are found at any position.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class FiniteValuesTests
{
    [TestMethod]
    [DataRow(float.NaN, "NaN")]
    [DataRow(float.PositiveInfinity, "infinity")]
    [DataRow(float.NegativeInfinity, "infinity")]
    public void OneFault_IsFoundAtEveryPlace(float fault, string expected)
    {
        for (int at = 0; at < 19; at++)
        {
            float[] values = [.. Enumerable.Repeat(float.MaxValue, 19)];
            values[at] = fault;

            Assert.AreEqual(expected, FiniteValues.FirstFault(values), $"at {at}");
        }
    }

    [TestMethod]
    public void FiniteValuesHaveNone() => Assert.IsNull(FiniteValues.FirstFault([0f, -0f, float.MinValue, float.MaxValue, float.Epsilon, 1, 2, 3, 4, 5]));

    [TestMethod]
    public void NoValuesHaveNone() => Assert.IsNull(FiniteValues.FirstFault([]));
}
