// Valid and invalid hub model ids.
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Hub;

[TestClass]
public sealed class HubModelIdTests
{
    [TestMethod]
    [DataRow("timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "main")]
    [DataRow("google/vit-base-patch16-224-in21k", "google/vit-base-patch16-224-in21k", "main")]
    [DataRow("bert", "bert", "main")]
    [DataRow("Foo-BAR_foo.bar123", "Foo-BAR_foo.bar123", "main")]
    [DataRow("123", "123", "main")]
    [DataRow("hf-hub:timm/vit", "timm/vit", "main")]
    [DataRow("hf_hub:timm/vit@v1.0", "timm/vit", "v1.0")]
    [DataRow("a/b@refs/pr/7", "a/b", "refs/pr/7")]
    [DataRow("a/b@0123456789abcdef0123456789abcdef01234567", "a/b", "0123456789abcdef0123456789abcdef01234567")]
    public void TheFormsOfAnId_AreRead(string text, string repository, string revision)
    {
        Assert.AreEqual(new HubModelId(repository, revision), HubModelId.Parse(text, "model"));
        Assert.IsTrue(HubModel.LooksLikeId(text));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("datasets/foo/bar")]
    [DataRow(".repo_id")]
    [DataRow("repo_id-")]
    [DataRow("foo--bar")]
    [DataRow("foo..bar/x")]
    [DataRow("foo.git")]
    [DataRow("owner/")]
    [DataRow("/name")]
    [DataRow("./name")]
    [DataRow("../name")]
    [DataRow("~/name")]
    [DataRow("owner/na me")]
    [DataRow("owner/näme")]
    [DataRow("owner/name\n")]
    [DataRow("C:\\models\\vit")]
    [DataRow("https://huggingface.co/a/b")]
    [DataRow("a/b@")]
    [DataRow("a/b@../../main")]
    [DataRow("a/b@/main")]
    [DataRow("a/b@main/")]
    [DataRow("a/b@.hidden")]
    [DataRow("a/b@x.lock")]
    [DataRow("a/b@one two")]
    [DataRow("a/b@c:d")]
    [DataRow("a/b@c\\d")]
    [DataRow("a/b@c?d#e%2e")]
    [DataRow("hf-hub:")]
    public void OtherTexts_AreRefusedWithTheForms(string text)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => HubModelId.Parse(text, "model"));

        Assert.Contains("is not a model id: ", error.Message);
        Assert.Contains("\"owner/name\", \"name\" or \"owner/name@revision\"", error.Message);
        Assert.IsFalse(HubModel.LooksLikeId(text));
    }

    [TestMethod]
    public void ANameOfMoreThan96Characters_IsRefused()
    {
        Assert.IsTrue(HubModel.LooksLikeId("owner/" + new string('a', 96)));
        Assert.IsFalse(HubModel.LooksLikeId("owner/" + new string('a', 97)));
    }

    [TestMethod]
    [DataRow("model.safetensors")]
    [DataRow("models/vit.npz")]
    [DataRow("vit.PTH")]
    public void AFileOfWeights_IsTakenForAPath(string text) => Assert.IsFalse(HubModel.LooksLikeId(text));
}
