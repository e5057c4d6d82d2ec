// The environment variables of huggingface_hub and their defaults.
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Hub;

[TestClass]
public sealed class HubEnvironmentTests
{
    [TestMethod]
    public void WithoutVariables_TheDefaultsOfThePythonClientHold()
    {
        using var folder = new TemporaryFolder();

        var settings = Read(("HOME", folder.Path));

        Assert.AreEqual("https://huggingface.co/", settings.Endpoint.AbsoluteUri);
        Assert.AreEqual(Path.Combine(folder.Path, ".cache", "huggingface", "hub"), settings.CacheFolder);
        Assert.IsNull(settings.Token);
        Assert.IsFalse(settings.Offline);
        Assert.AreEqual(TimeSpan.FromSeconds(10), settings.MetadataTimeout);
        Assert.AreEqual(TimeSpan.FromSeconds(10), settings.DownloadTimeout);
    }

    [TestMethod]
    public void AllVariables_AreRead()
    {
        var settings = Read(
            ("HF_ENDPOINT", "https://mirror.example/hf/"), ("HF_HUB_CACHE", "/cache"), ("HF_HOME", "/elsewhere"), ("HF_TOKEN", " hf_secret\n"),
            ("HF_HUB_OFFLINE", "yes"), ("HF_HUB_ETAG_TIMEOUT", "3"), ("HF_HUB_DOWNLOAD_TIMEOUT", "30"));

        Assert.AreEqual("https://mirror.example/hf/", settings.Endpoint.AbsoluteUri);
        Assert.AreEqual("/cache", settings.CacheFolder);
        Assert.AreEqual("hf_secret", settings.Token);
        Assert.IsTrue(settings.Offline);
        Assert.AreEqual(TimeSpan.FromSeconds(3), settings.MetadataTimeout);
        Assert.AreEqual(TimeSpan.FromSeconds(30), settings.DownloadTimeout);
        Assert.DoesNotContain("hf_secret", settings.ToString());
    }

    [TestMethod]
    [DataRow("HF_HOME", "/data/hf", "/data/hf/hub")]
    [DataRow("HF_HOME", "~/hf", "/home/me/hf/hub")]
    [DataRow("XDG_CACHE_HOME", "/xdg", "/xdg/huggingface/hub")]
    [DataRow("HUGGINGFACE_HUB_CACHE", "/legacy", "/legacy")]
    [DataRow("HF_HUB_CACHE", "", "/home/me/.cache/huggingface/hub")]
    public void TheCacheFolder_FollowsTheVariables(string name, string value, string expected) =>
        Assert.AreEqual(expected, Read(("HOME", "/home/me"), (name, value)).CacheFolder.Replace('\\', '/'));

    [TestMethod]
    [DataRow("1", true)]
    [DataRow("true", true)]
    [DataRow("Yes", true)]
    [DataRow("ON", true)]
    [DataRow("0", false)]
    [DataRow("no", false)]
    [DataRow("", false)]
    public void Offline_IsOneOfFourWords(string value, bool offline)
    {
        Assert.AreEqual(offline, Read(("HF_HUB_OFFLINE", value)).Offline);
        Assert.AreEqual(offline, Read(("TRANSFORMERS_OFFLINE", value)).Offline);
    }

    [TestMethod]
    public void TheToken_ComesFromTheFileOfTheLogin()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("token"), "hf_of_the_login\n");
        File.WriteAllText(folder.File("other"), "hf_other");

        Assert.AreEqual("hf_of_the_login", Read(("HF_HOME", folder.Path)).Token);
        Assert.AreEqual("hf_other", Read(("HF_HOME", folder.Path), ("HF_TOKEN_PATH", folder.File("other"))).Token);
        Assert.AreEqual("hf_variable", Read(("HF_HOME", folder.Path), ("HF_TOKEN", "hf_variable")).Token);
        Assert.IsNull(Read(("HF_HOME", folder.Path), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).Token);
    }

    [TestMethod]
    [DataRow("HF_ENDPOINT", "huggingface.co", "an address such as https://huggingface.co is expected")]
    [DataRow("HF_ENDPOINT", "ftp://huggingface.co", "an address such as https://huggingface.co is expected")]
    [DataRow("HF_HUB_ETAG_TIMEOUT", "soon", "whole seconds from 1 to 86400 are expected")]
    [DataRow("HF_HUB_DOWNLOAD_TIMEOUT", "0", "whole seconds from 1 to 86400 are expected")]
    [DataRow("HF_TOKEN", "two words", "spaces or non-ASCII characters")]
    public void AValueThatCannotBeUsed_IsNamed(string name, string value, string expected)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Read((name, value)));

        Assert.Contains(name, error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain("two words", error.Message);
    }

    private static HubSettings Read(params (string Name, string Value)[] variables) =>
        HubEnvironment.Read(name => Array.Find(variables, v => v.Name == name).Value);
}
