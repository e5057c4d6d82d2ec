// A test hub, a file server on another port, an empty cache, and a client that does not sleep.
using System.Text;
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

internal sealed class HubScene : IDisposable
{
    internal const string Token = "hf_SecretOfTheTests";
    internal const string Model = "owner/tiny-vit";
    internal const string Weights = "model.safetensors";

    /// <summary>The way out that every message about the network ends with.</summary>
    internal const string LocalFolder = "PretrainedModel = \"path/to/folder\"";

    private readonly TemporaryFolder _folder = new();

    internal HubScene(bool withStore = false)
    {
        Store = withStore ? new HubServer() : null;
        Hub = new HubServer { Store = Store };
        Settings = new HubSettings
        {
            Endpoint = Hub.Address,
            CacheFolder = Path.Combine(_folder.Path, "hub"),
            Token = Token,
            LockInterval = TimeSpan.FromMilliseconds(5),
            ProgressInterval = TimeSpan.Zero,
            Jitter = () => 0,
            Delay = (delay, cancellation) =>
            {
                Delays.Add(delay);
                return Task.Delay(1, cancellation);
            },
        };
        Hub.Add(Model, "config.json", Config);
        Hub.Add(Model, "preprocessor_config.json", Preprocessor);
        Hub.Add(Model, Weights, WeightBytes);
    }

    internal static byte[] Config { get; } = Encoding.UTF8.GetBytes("""{ "architecture": "vit_tiny_patch16_224" }""");

    internal static byte[] Preprocessor { get; } = Encoding.UTF8.GetBytes("""{ "size": 224 }""");

    /// <summary>Not a multiple of anything.</summary>
    internal static byte[] WeightBytes { get; } = Bytes(300_007, seed: 1);

    internal HubServer Hub { get; }

    internal HubServer? Store { get; }

    internal HubSettings Settings { get; set; }

    internal List<string> Log { get; } = [];

    internal List<TimeSpan> Delays { get; } = [];

    /// <summary>The address of a file of the model.</summary>
    internal string Address(string file) => $"{Hub.Address}{Model}/resolve/main/{file}";

    internal string LogText => string.Join('\n', Log);

    internal static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal string Resolve(string id = Model, CancellationToken cancellation = default)
    {
        try
        {
            return HubModel.Resolve(id, Settings, Log.Add, cancellation);
        }
        finally
        {
            Assert.DoesNotContain(Token, LogText);
        }
    }

    /// <summary>The message of the failure, which holds neither token nor signature.</summary>
    internal string Fails(string id = Model)
    {
        var error = Assert.ThrowsExactly<ModelDownloadException>(() => Resolve(id));
        string everything = error.ToString();
        Assert.DoesNotContain(Token, everything);
        Assert.DoesNotContain("Signature", everything + LogText);
        Assert.EndsWith(".", error.Message);
        return error.Message;
    }

    /// <summary>A path in the model's folder of the cache.</summary>
    internal string Cached(params string[] parts) => Path.Combine([Settings.CacheFolder, "models--owner--tiny-vit", .. parts]);

    /// <summary>Every file of the cache with its bytes, to see what is kept.</summary>
    internal string[] CachedFiles() => [.. Directory.EnumerateFiles(Settings.CacheFolder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Settings.CacheFolder, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    internal string Incomplete() => Cached("blobs", HubServer.Sha256(WeightBytes) + ".incomplete");

    internal void AssertWhole(string folder)
    {
        CollectionAssert.AreEqual(WeightBytes, File.ReadAllBytes(Path.Combine(folder, Weights)));
        Assert.IsFalse(File.Exists(Incomplete()), "the file under its temporary name is still there");
    }

    public void Dispose()
    {
        Hub.Dispose();
        Store?.Dispose();
        _folder.Dispose();
    }
}
