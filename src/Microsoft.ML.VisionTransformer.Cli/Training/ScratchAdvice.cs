// What a user should know before a training from scratch: how long it takes, and the command that is usually better.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal static class ScratchAdvice
{
    private const int DefaultEpochs = 50, ProbedImages = 4;

    /// <summary>Network settings that a pretrained model has already.</summary>
    private static readonly string[] _networkSettings =
        ["arch", "image-size", "patch-size", "patch-stride", "depth", "embedding-dimension", "heads", "mlp-ratio", "pooling", "position-embedding", "epochs", "batch-size", "learning-rate", "strategy"];

    internal static string For(
        IReadOnlyDictionary<string, SettingValue> settings, VisionTransformerArchitecture architecture, VisionTransformerTrainer.Options options, int images)
    {
        int epochs = options.Epoch ?? DefaultEpochs;
        var time = TimeSpan.FromSeconds(SecondsPerImage(architecture) * images * epochs);
        string pretrained = RepeatCommand.Of(settings.Where(s => !_networkSettings.Contains(s.Key))
            .Append(new("pretrained", new SettingValue("--pretrained", "vit-small"))).ToDictionary(), forReport: false);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Training from scratch: {epochs:N0} {(epochs == 1 ? "epoch takes" : "epochs take")} {About(time)} on this machine. A pretrained network is usually faster and more accurate: {pretrained}");
    }

    /// <summary>The time of a forward and a backward pass, which are most of a training step.</summary>
    private static double SecondsPerImage(VisionTransformerArchitecture architecture)
    {
        using var scope = torch.NewDisposeScope();
        var device = torch.cuda.is_available() ? torch.CUDA : torch.CPU;
        using var network = new VisionTransformerNetwork(architecture, seed: 0);
        network.to(device);
        network.train();
        using var images = torch.zeros([ProbedImages, architecture.Channels, architecture.ImageSize.Height, architecture.ImageSize.Width], device: device);
        Pass(network, images[..1]);    // the first pass allocates memory
        var clock = Stopwatch.StartNew();
        Pass(network, images);
        return clock.Elapsed.TotalSeconds / ProbedImages;
    }

    private static void Pass(VisionTransformerNetwork network, torch.Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        var sum = network.forward(images).sum();
        sum.backward();
        sum.item<float>();    // waits for a GPU
    }

    private static string About(TimeSpan time) => time switch
    {
        { TotalSeconds: < 90 } => "less than two minutes",
        { TotalMinutes: < 90 } => string.Create(CultureInfo.InvariantCulture, $"about {time.TotalMinutes:F0} minutes"),
        { TotalHours: < 36 } => string.Create(CultureInfo.InvariantCulture, $"about {time.TotalHours:F0} hours"),
        _ => string.Create(CultureInfo.InvariantCulture, $"about {time.TotalDays:F0} days"),
    };
}
