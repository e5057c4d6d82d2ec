// The error for an unavailable device.
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Interop;

[TestClass]
public sealed class TorchRuntimeTests
{
    [TestMethod]
    public void AGpuThatIsNotThereIsAnErrorBeforeAnyImageIsRead()
    {
        Requires.NoGpu(torch.cuda.is_available());
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        options.Device = "cuda";
        var data = context.Data.LoadFromEnumerable([new ColoredSample { Image = [1], Label = "red" }]);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => TinyTraining.Train(context, data, options));

        Assert.Contains("TorchSharp-cuda-linux", error.Message);
    }

    [TestMethod]
    public void GpuDeviceIdWithoutFallbackIsAnErrorWhereThereIsNoGpu()
    {
        Requires.NoGpu(torch.cuda.is_available());
        var context = new MLContext(seed: 1) { GpuDeviceId = 0, FallbackToCpu = false };

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => TinyTraining.Train(context, TinyTraining.Data(context, perClass: 1)));

        Assert.Contains("FallbackToCpu", error.Message);
    }

    [TestMethod]
    public void GpuDeviceIdFallsBackToTheProcessorByDefault()
    {
        Requires.NoGpu(torch.cuda.is_available());
        var context = new MLContext(seed: 1) { GpuDeviceId = 0, FallbackToCpu = true };

        using var model = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 1));

        Assert.HasCount(1, model.LastTransformer.TrainingHistory!.Epochs);
    }
}
