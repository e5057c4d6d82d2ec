// Every corrupt or malicious golden checkpoint through the public API: the outcome in its index, an error that states the location, and no code executed.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class BadCheckpointTests
{
    private const double LogitsTolerance = 2e-5;

    private static readonly string _pwned = Path.Combine(Path.GetTempPath(), "pwned");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EveryFile_HasTheFateItsIndexSays_AndRunsNothing()
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(PathOf("index.json")));
        var wrong = new List<string>();
        Assert.IsFalse(File.Exists(_pwned), $"{_pwned} is there before the test; remove it.");
        foreach (var entry in index.RootElement.GetProperty("files").EnumerateArray())
        {
            string file = entry.GetProperty("file").GetString()!;
            var error = Refusal(file);
            TestContext.WriteLine($"| {file} | {error?.GetType().Name} | {error?.Message.Replace(PathOf(), "", StringComparison.Ordinal)} |");
            bool loads = entry.GetProperty("expect").GetString() == "load";
            if (loads != (error is null) || error is not (null or InvalidCheckpointException))
                wrong.Add($"{file}: {error?.ToString() ?? "loads"}");
            else if (error is not null && !error.Message.Contains(file.TrimEnd('/'), StringComparison.Ordinal))
                wrong.Add($"{file} is not named in: {error.Message}");
        }

        Assert.IsEmpty(wrong, string.Join('\n', wrong));
        Assert.IsFalse(File.Exists(_pwned), "A checkpoint ran a command.");
    }

    [TestMethod]
    [DataRow("missing_tensor.safetensors", "blocks.0.attn.proj.weight is missing")]
    [DataRow("extra_tensor.safetensors", "blocks.1.norm1.weight is not part of the network (depth is 1)")]
    [DataRow("wrong_shape.safetensors", "head.weight is [16, 3], but the network needs [3, 16]")]
    [DataRow("wrong_dtype_int.safetensors", "norm.weight is I32, but a floating-point type is expected")]
    [DataRow("nan_weight.safetensors", "NaN in blocks.0.mlp.fc1.weight")]
    [DataRow("inf_weight.safetensors", "infinity in head.bias")]
    [DataRow("head_seven_classes.safetensors", "head.weight is [7, 16], but the network needs [3, 16]; head.bias is [7], but the network needs [3]")]
    [DataRow("offsets_overlap.safetensors", "pos_embed")]
    [DataRow("offsets_out_of_range.safetensors", "head.bias")]
    [DataRow("shape_does_not_match_bytes.safetensors", "head.weight")]
    [DataRow("entry_without_offsets.safetensors", "head.bias")]
    [DataRow("duplicate_name.safetensors", "cls_token")]
    [DataRow("index_missing_shard/", "model-00002-of-00002.safetensors")]
    [DataRow("evil_global.pth", "os.system")]
    [DataRow("evil_subprocess_popen.pth", "subprocess.Popen")]
    [DataRow("evil_builtins_exec.pth", "builtins.exec")]
    public void AnErrorNamesTheTensorOrEntry(string file, string named)
    {
        var error = Refusal(file);

        Assert.IsNotNull(error);
        Assert.Contains(named, error.Message);
    }

    [TestMethod]
    [DataRow("good.safetensors")]
    [DataRow("good.pth")]
    public void TheSoundFile_GivesItsLogits(string file)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file), Architecture());
        using var network = checkpoint.CreateNetwork();
        network.eval();
        var expected = SafetensorsFile.Read(PathOf("expected.safetensors"));
        using var scope = NewDisposeScope();
        using var mode = no_grad();

        var logits = network.forward(tensor(expected.Floats("input"), expected.Shape("input")));

        double difference = expected.Floats("logits").Zip(logits.Values(), (a, b) => Math.Abs((double)a - b)).Max();
        TestContext.WriteLine($"{file}: largest difference {difference:g3}");
        Assert.IsLessThanOrEqualTo(LogitsTolerance, difference);
    }

    [TestMethod]
    [DataRow("missing_tensor.safetensors", "blocks.0.attn.proj.weight is missing")]
    [DataRow("extra_tensor.safetensors", "blocks.1.norm1.weight is not part of the network (depth is 1)")]
    [DataRow("wrong_shape.safetensors", "head.weight is [16, 3], but the network needs [3, 16]")]
    [DataRow("head_seven_classes.safetensors", "head.weight is [7, 16], but the network needs [3, 16]")]
    public void WithoutStrict_TheDifferencesAreListed_AndTheRestIsTaken(string file, string difference)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file), Architecture(), strict: false);
        using var network = checkpoint.CreateNetwork();
        using var good = VisionTransformerCheckpoint.Load(PathOf("good.safetensors"), Architecture());
        using var whole = good.CreateNetwork();

        Assert.AreEqual(difference, checkpoint.Differences[0]);
        Assert.IsEmpty(good.Differences);
        var expected = whole.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var (name, parameter) in network.named_parameters())
        {
            bool fresh = checkpoint.Differences.Any(text => text.StartsWith($"{name} is", StringComparison.Ordinal));
            Assert.AreEqual(!fresh, parameter.SameValues(expected[name]), name);
            Assert.IsTrue(parameter.isfinite().all().item<bool>(), name);
        }
    }

    [TestMethod]
    [DataRow("wrong_dtype_int.safetensors", "norm.weight is I32")]
    [DataRow("nan_weight.safetensors", "NaN in blocks.0.mlp.fc1.weight")]
    public void WithoutStrict_ValuesThatAreNoNumbersAreStillRefused(string file, string message)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file), Architecture(), strict: false);

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => checkpoint.CreateNetwork());

        Assert.Contains(message, error.Message);
    }

    private static string PathOf(params string[] parts) => TestData.Path(["golden", "bad-checkpoints", .. parts]);

    private static Exception? Refusal(string file)
    {
        try
        {
            using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file), Architecture());
            using var network = checkpoint.CreateNetwork();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private static VisionTransformerArchitecture Architecture() => VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
    {
        ImageSize = 16,
        PatchSize = 8,
        EmbeddingDimension = 16,
        Depth = 1,
        Heads = 2,
        Classes = 3,
    };
}
