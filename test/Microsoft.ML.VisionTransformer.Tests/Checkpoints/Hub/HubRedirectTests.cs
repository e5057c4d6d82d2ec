// Redirects to other hosts for large files: the client follows them without sending the token.
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class HubRedirectTests
{
    [TestMethod]
    public void ALargeFile_ComesFromItsStoreWithoutTheToken()
    {
        using var scene = new HubScene(withStore: true);

        scene.AssertWhole(scene.Resolve());

        var request = scene.Store!.Requests.Single();
        Assert.AreEqual("GET", request.Method);
        Assert.AreEqual("", request.Authorization);
        Assert.IsTrue(scene.Hub.Requests.All(r => r.Authorization == "Bearer " + HubScene.Token));
    }

    [TestMethod]
    public void AnExpiredSignature_IsRenewedByTheHub()
    {
        using var scene = new HubScene(withStore: true);
        scene.Store!.Fail("GET", HubServer.Sha256(HubScene.WeightBytes), 1, 403);

        scene.AssertWhole(scene.Resolve());

        Assert.HasCount(1, scene.Hub.Gets(HubScene.Weights), "the second attempt asks the hub where the file is now");
        Assert.IsTrue(scene.Store.Requests.All(r => r.Authorization.Length == 0));
    }

    [TestMethod]
    public void ARenamedModel_IsFollowedWithinTheHost()
    {
        using var scene = new HubScene();
        foreach (string file in new[] { "config.json", "preprocessor_config.json", HubScene.Weights })
            scene.Hub.Fail("HEAD", $"/old-name/resolve/main/{file}", 1, 307, ("Location", $"/{HubScene.Model}/resolve/main/{file}"));

        string path = scene.Resolve("old-name");

        Assert.Contains("models--old-name", path);
        CollectionAssert.AreEqual(HubScene.WeightBytes, File.ReadAllBytes(Path.Combine(path, HubScene.Weights)));
        Assert.IsTrue(scene.Hub.Requests.All(r => r.Authorization == "Bearer " + HubScene.Token));
    }

    [TestMethod]
    public void ARedirectThatTellsNothing_IsFollowedToAnotherHostWithoutTheToken()
    {
        using var scene = new HubScene();
        using var mirror = new HubServer();
        foreach (string file in new[] { "config.json", "preprocessor_config.json", HubScene.Weights })
            mirror.Fail("HEAD", file, 1, 308, ("Location", $"{scene.Hub.Address}{HubScene.Model}/resolve/main/{file}"));
        scene.Settings = scene.Settings with { Endpoint = mirror.Address };

        scene.AssertWhole(scene.Resolve());

        Assert.IsTrue(mirror.Requests.All(r => r.Authorization == "Bearer " + HubScene.Token));
        Assert.IsTrue(scene.Hub.Requests.All(r => r.Authorization.Length == 0));
    }

    [TestMethod]
    public void ATokenDoesNotComeBackAfterAnotherHost()
    {
        using var scene = new HubScene(withStore: true);
        string store = HubServer.Sha256(HubScene.WeightBytes);
        scene.Store!.Fail("GET", store, 1, 302, ("Location", $"{scene.Hub.Address}elsewhere"));
        scene.Hub.Fail("GET", "/elsewhere", 1, async context =>
        {
            context.Response.ContentLength = HubScene.WeightBytes.Length;
            await context.Response.Body.WriteAsync(HubScene.WeightBytes);
        });

        scene.AssertWhole(scene.Resolve());

        Assert.AreEqual("", scene.Hub.Requests.Single(r => r.Path == "/elsewhere").Authorization);
    }

    [TestMethod]
    public void ARedirectLoop_IsLeft()
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", -1, 302, ("Location", $"/{HubScene.Model}/resolve/main/config.json"));

        string message = scene.Fails();

        Assert.AreEqual(
            $"owner/tiny-vit could not be downloaded: {scene.Address("config.json")} redirects too often: 20 redirects were followed. "
            + $"Check HF_ENDPOINT ({scene.Hub.Address}) and the proxy, or download the model elsewhere and pass its folder, as in {HubScene.LocalFolder}.",
            message);
        Assert.HasCount(21, scene.Hub.Requests);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("file:///etc/passwd")]
    public void ARedirectToNowhere_IsRefused(string location)
    {
        using var scene = new HubScene();
        scene.Hub.Fail("HEAD", "config.json", -1, 302, location.Length == 0 ? [] : [("Location", location)]);

        Assert.Contains("config.json returned 302 (Found), which is not a hub's response", scene.Fails());
    }

    [TestMethod]
    [DataRow("https://hub.example", "https://hub.example/x", true)]
    [DataRow("https://hub.example", "https://HUB.example:443/x", true)]
    [DataRow("https://hub.example", "http://hub.example/x", false)]
    [DataRow("https://hub.example", "https://hub.example:444/x", false)]
    [DataRow("https://hub.example", "https://hub.example.evil/x", false)]
    [DataRow("https://hub.example", "https://hub.example@evil.example/x", false)]
    public void OnlySchemeHostAndPortTogether_AreTheSameHost(string endpoint, string address, bool same) =>
        Assert.AreEqual(same, HubClient.IsSameHost(new Uri(endpoint), new Uri(address)));
}
