// Layer-wise learning rate decay, compared with timm's parameter groups.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Optimizers;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Optimizers;

[TestClass]
public sealed class LayerDecayTests
{
    [TestMethod]
    public void LayersAndScalesAreTimms()
    {
        using var schedule = JsonDocument.Parse(File.ReadAllText(TestData.Path("golden", "training", "schedule.json")));
        var root = schedule.RootElement;
        JsonElement[] models = [root.GetProperty("layer_decay_vit_base"), .. root.GetProperty("layer_decay_small_variants").EnumerateArray()];
        Assert.HasCount(8, models);
        foreach (var model in models)
        {
            var rates = new LayerDecay(model.GetProperty("num_layers").GetInt32() - 2, model.GetProperty("decay").GetDouble(), HeadFactor: 1);
            foreach (var parameter in model.GetProperty("parameters").EnumerateArray())
            {
                string name = parameter.GetProperty("name").GetString()!;
                Assert.AreEqual(parameter.GetProperty("layer").GetInt32(), rates.LayerOf(name), name);
                Assert.AreEqual(parameter.GetProperty("lr_scale").GetDouble(), rates.ScaleOf(name), 1e-12, name);
            }
        }
    }

    [TestMethod]
    [DataRow("head.weight", 10.0)]
    [DataRow("head_dist.bias", 10.0)]
    [DataRow("fc_norm.weight", 1.0)]
    [DataRow("norm.bias", 0.5)]
    [DataRow("blocks.11.mlp.fc1.weight", 0.5)]
    [DataRow("blocks.10.mlp.fc1.weight", 0.25)]
    [DataRow("pos_embed", 1.0 / 8192)]
    public void TheHeadHasAFactorOfItsOwn(string name, double expected) =>
        Assert.AreEqual(expected, new LayerDecay(12, 0.5, HeadFactor: 10).ScaleOf(name), 1e-15);
}
