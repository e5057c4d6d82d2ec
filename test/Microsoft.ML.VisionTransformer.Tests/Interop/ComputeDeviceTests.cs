// Device names, and the choice of a device.
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Interop;

[TestClass]
public sealed class ComputeDeviceTests
{
    [TestMethod]
    [DataRow("auto", "auto", 0)]
    [DataRow("cpu", "cpu", 0)]
    [DataRow("cuda", "cuda", 0)]
    [DataRow("cuda:3", "cuda", 3)]
    [DataRow("mps", "mps", 0)]
    public void KnownNamesAreParsed(string name, string kind, int index) => Assert.AreEqual((kind, index), ComputeDevice.Parse(name));

    [TestMethod]
    [DataRow("")]
    [DataRow("gpu")]
    [DataRow("cuda:")]
    [DataRow("cuda:-1")]
    [DataRow("CPU")]
    public void OtherNamesAreRefusedWithTheKnownOnes(string name) =>
        Assert.Contains("auto, cpu, cuda, cuda:1", Assert.ThrowsExactly<ArgumentException>(() => ComputeDevice.Parse(name)).Message);

    [TestMethod]
    [DataRow("auto")]
    [DataRow("cpu")]
    public void WithoutAGpuTheCpuIsChosen(string name)
    {
        Requires.NoGpu(torch.cuda.is_available());

        var device = ComputeDevice.Of(name, (IHostEnvironment)new MLContext());

        Assert.AreEqual(ComputeDevice.Cpu, device);
        Assert.IsTrue(device.IsCpu);
        Assert.AreEqual("cpu", device.ToString());
    }

    [TestMethod]
    public void AnIndexIsPartOfTheNameOfACudaDevice() => Assert.AreEqual("cuda:2", new ComputeDevice("cuda", 2).ToString());

    [TestMethod]
    public void AutoHasNoDeviceOfItsOwn() => Assert.IsNull(ComputeDevice.Named("auto"));
}
