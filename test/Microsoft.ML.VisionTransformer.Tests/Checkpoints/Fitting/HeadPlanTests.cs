// When a checkpoint's head is kept, reordered or replaced, and its initial values.
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Fitting;

[TestClass]
public sealed class HeadPlanTests
{
    [TestMethod]
    [DataRow("a,b,c", "a,b,c", HeadFit.Kept, "0,1,2", "its 3 classes are those of the task")]
    [DataRow("crane,b,crane", "crane,b,crane", HeadFit.Kept, "0,1,2", "is kept")]
    [DataRow("a,b,c", "c,a,b", HeadFit.Reordered, "2,0,1", "in another order")]
    [DataRow("a,b,c", "a,b", HeadFit.New, "", "the checkpoint has 3 classes and the task 2")]
    [DataRow("a,b,c", "a,b,d", HeadFit.New, "", "the task's class d is not in the checkpoint")]
    [DataRow("a,b,c", "a,b,B", HeadFit.New, "", "the task's class B is not in the checkpoint")]
    [DataRow("a,b,c", "a,b,a", HeadFit.New, "", "the task's class a is not in the checkpoint, or is listed twice")]
    [DataRow("crane,b,crane", "b,crane,crane", HeadFit.New, "", "the checkpoint has the class crane twice")]
    [DataRow("a,b\u0007", "a,c", HeadFit.New, "", "class c")]
    public void TheNamesAndTheirOrderDecide(string stored, string wanted, object fit, string rows, string reason)
    {
        var plan = HeadPlan.Decide(stored.Split(','), wanted.Split(','));

        Assert.AreEqual(fit, plan.Fit);
        Assert.AreEqual(rows, string.Join(',', plan.Rows));
        StringAssert.Contains(plan.Reason, reason);
        StringAssert.EndsWith(plan.Reason, ".");
    }

    [TestMethod]
    public void AHeadWithoutNames_IsReplaced()
    {
        var plan = HeadPlan.Decide(null, ["a", "b"]);

        Assert.AreEqual(HeadFit.New, plan.Fit);
        Assert.AreEqual("The head is new: the checkpoint does not name its classes.", plan.Reason);
    }

    [TestMethod]
    public void RowsFollowTheirClasses()
    {
        var plan = HeadPlan.Decide(["a", "b", "c"], ["c", "a", "b"]);
        float[] weight = new float[6], bias = new float[3];

        HeadValues.Write([1, 2, 3, 4, 5, 6], weight, columns: 2, plan);
        HeadValues.Write([7, 8, 9], bias, columns: 1, plan);

        CollectionAssert.AreEqual(new float[] { 5, 6, 1, 2, 3, 4 }, weight);
        CollectionAssert.AreEqual(new float[] { 9, 7, 8 }, bias);
    }

    [TestMethod]
    public void AKeptHead_IsCopied()
    {
        float[] weight = new float[4];

        HeadValues.Write([1, 2, 3, 4], weight, columns: 2, HeadPlan.Decide(["a", "b"], ["a", "b"]));

        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4 }, weight);
    }

    [TestMethod]
    public void ANewHead_IsZero()
    {
        float[] weight = [1, 2, 3];

        HeadValues.Write([], weight, columns: 1, HeadPlan.Decide(null, ["a", "b", "c"]));

        CollectionAssert.AreEqual(new float[3], weight);
    }

    [TestMethod]
    [DataRow(3, 4)]
    [DataRow(4, 3)]
    public void WrongLengths_AreRefused(int length, int room) => Assert.ThrowsExactly<ArgumentException>(
        () => HeadValues.Write(new float[length], new float[room], columns: 2, HeadPlan.Decide(["a", "b"], ["b", "a"])));
}
