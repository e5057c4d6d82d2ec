// A tiny pretrained model in a folder.
namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class Pretrained
{
    /// <summary>Trains a network on classes other than those of the colored samples, which therefore need a new head.</summary>
    internal static void SaveTo(TemporaryFolder folder, int seed = 4, VisionTransformerArchitecture? architecture = null)
    {
        var context = new MLContext(seed);
        var samples = ColoredSamples.Make(4);
        foreach (var sample in samples)
            sample.Label = "another " + sample.Label;
        var options = TinyTraining.Options();
        options.Arch = architecture ?? options.Arch;
        using var model = TinyTraining.Train(context, context.Data.LoadFromEnumerable(samples), options);
        model.LastTransformer.SaveAsSafetensors(folder.Path);
    }
}
