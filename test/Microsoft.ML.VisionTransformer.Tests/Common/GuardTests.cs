// Argument checks: bounds hold, NaN fails them, and messages name the argument as the caller wrote it.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class GuardTests
{
    [TestMethod]
    public void ValuesInsideTheBoundsPassThrough()
    {
        Assert.AreEqual(3, Guard.AtLeast(3, 3));
        Assert.AreEqual(0.5, Guard.InRange(0.5, 0, 1));
        Assert.AreEqual(0, Guard.InRange(0, 0, 1));
        Assert.AreEqual(1e-9, Guard.Above(1e-9, 0));
        Assert.AreEqual(DayOfWeek.Friday, Guard.Defined(DayOfWeek.Friday));
    }

    [TestMethod]
    public void ValuesOutsideTheBoundsAreRefused()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.AtLeast(2, 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.InRange(1.0, 0, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.Above(0.0, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.Above(double.PositiveInfinity, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.Defined((DayOfWeek)9));
        Assert.ThrowsExactly<ArgumentNullException>(() => Guard.NotNull<string>(null));
        Assert.ThrowsExactly<ArgumentException>(() => Guard.NotBlank(" "));
    }

    [TestMethod]
    public void NotANumberFailsEveryBound()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.AtLeast(double.NaN, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.InRange(float.NaN, 0, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.Above(double.NaN, 0));
    }

    [TestMethod]
    public void TheMessageNamesTheLastPartOfTheExpression()
    {
        var size = new ImageDimensions(0, 5);

        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Guard.AtLeast(size.Height, 1));

        Assert.AreEqual("Height", error.ParamName);
        Assert.Contains("Height is 0; it must be at least 1.", error.Message);
    }
}
