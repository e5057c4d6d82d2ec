// Exporting a model for Python: names and shapes of timm and Hugging Face, and bit-identical values when read back.
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class SafetensorsExportTests : IDisposable
{
    private static readonly string[] _written = ["config.json", "model.safetensors", "preprocessor_config.json"];

    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("vit_plain")]
    [DataRow("vit_avg_fcnorm")]
    [DataRow("vit_avg_prenormpool_reg4")]
    [DataRow("vit_qk_attn_mlp_norm")]
    [DataRow("vit_nonsquare_patch")]
    [DataRow("deit_distilled")]
    [DataRow("deit3_layerscale_droppath")]
    [DataRow("dinov2_mlp")]
    [DataRow("dinov2_reg4_swiglu")]
    [DataRow("clip_quickgelu")]
    [DataRow("siglip_map")]
    [DataRow("siglip_map_reg4")]
    [DataRow("dinov3_mlp")]
    [DataRow("dinov3_qkvb_avg")]
    [DataRow("dinov3_swiglu")]
    [DataRow("eva02_tiny")]
    [DataRow("eva02_base_split")]
    [DataRow("eva02_clip")]
    [DataRow("eva_giant_abs")]
    public void ANetworkOfTimm_IsWrittenWithTimmsNamesAndShapes_AndReadBackBitEqual(string networkCase)
    {
        string weights = Path.Combine(GoldenModel.Folder(networkCase), "weights.safetensors");
        string name = GoldenCheckpoints.Config(networkCase).GetProperty("timm").GetProperty("model").GetString()!;
        var architecture = GoldenModel.ArchitectureOf(networkCase) with { Name = name };
        if (networkCase == "dinov3_swiglu")
            architecture = architecture with { MlpRatio = 2.7, MlpWidthMultiple = 8 };    // timm has the gate apart where the width is aligned
        using var model = _context.Model.LoadVisionTransformer(weights, options: new() { Architecture = architecture });

        model.SaveAsSafetensors(_folder.Path);

        AssertNamesAndShapes(weights, _folder.File("model.safetensors"));
        using var original = VisionTransformerCheckpoint.Load(weights, architecture);
        AssertReadsBack(original, model.Preprocessing, model.ClassNames, named: false);
    }

    [TestMethod]
    [DataRow("timm")]
    [DataRow("hf-vit")]
    [DataRow("hf-vit-sharded")]
    public void APlainVit_IsWrittenForTimm_WhoeverMadeIt(string folder)
    {
        string path = TestData.Path("golden", "checkpoints", folder);
        using var model = _context.Model.LoadVisionTransformer(path);

        model.SaveAsSafetensors(_folder.Path);

        AssertNamesAndShapes(TestData.Path("golden", "checkpoints", "timm", "model.safetensors"), _folder.File("model.safetensors"));
        using var original = VisionTransformerCheckpoint.Load(path);
        AssertReadsBack(original, original.Preprocessing, original.ClassNames!, named: true);
    }

    [TestMethod]
    public void DinoV2sClassifier_IsWrittenForHuggingFace()
    {
        string path = TestData.Path("golden", "checkpoints", "hf-dinov2-classifier");
        using var model = _context.Model.LoadVisionTransformer(path);

        model.SaveAsSafetensors(_folder.Path);

        AssertNamesAndShapes(Path.Combine(path, "model.safetensors"), _folder.File("model.safetensors"));
        using var original = VisionTransformerCheckpoint.Load(path);
        AssertReadsBack(original, original.Preprocessing, original.ClassNames ?? model.ClassNames, named: original.ClassNames is not null);
    }

    [TestMethod]
    public void ATrainedModel_GivesTheSameScoresWhenItIsReadBack()
    {
        var data = TinyTraining.Data(_context);
        using var model = TinyTraining.Train(_context, data);
        float[][] expected = TinyTraining.Scores(model.Transform(data));

        model.LastTransformer.SaveAsSafetensors(_folder.File("deeper", "made"));

        using var again = _context.Model.LoadVisionTransformer(_folder.File("deeper", "made"));
        CollectionAssert.AreEqual(ColoredSamples.Classes, again.ClassNames.ToArray());
        Assert.AreEqual(model.LastTransformer.Architecture with { Initialization = again.Architecture.Initialization }, again.Architecture);
        Assert.AreEqual(model.LastTransformer.Preprocessing, again.Preprocessing);
        float[][] scores = TinyTraining.Scores(again.Transform(data));
        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], scores[i]);
    }

    [TestMethod]
    public void OverlappingPatches_HaveNoPlaceInPython()
    {
        string weights = Path.Combine(GoldenModel.Folder("vit_overlap"), "weights.safetensors");
        using var model = _context.Model.LoadVisionTransformer(weights, options: new() { Architecture = GoldenModel.ArchitectureOf("vit_overlap") });

        var error = Assert.ThrowsExactly<NotSupportedException>(() => model.SaveAsSafetensors(_folder.Path));

        Assert.Contains("PatchStride differs from PatchSize", error.Message);
        Assert.Contains("Hugging Face has no such network either", error.Message);
        Assert.IsEmpty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [TestMethod]
    public void AnotherModelInTheFolder_IsReplacedWhole()
    {
        using (var first = _context.Model.LoadVisionTransformer(TestData.Path("golden", "checkpoints", "hf-dinov2-classifier")))
            first.SaveAsSafetensors(_folder.Path);
        using var second = _context.Model.LoadVisionTransformer(TestData.Path("golden", "checkpoints", "timm"));

        second.SaveAsSafetensors(_folder.Path);

        CollectionAssert.AreEquivalent(_written, Directory.GetFiles(_folder.Path).Select(Path.GetFileName).ToArray());
        using var read = VisionTransformerCheckpoint.Load(_folder.Path);
        Assert.AreEqual(second.Architecture, read.Architecture);
        Assert.AreEqual(second.Preprocessing, read.Preprocessing);
    }

    [TestMethod]
    public void AFailure_LeavesTheOldFiles()
    {
        using var model = _context.Model.LoadVisionTransformer(TestData.Path("golden", "checkpoints", "timm"));
        model.SaveAsSafetensors(_folder.Path);
        var before = _written.ToDictionary(name => name, name => File.ReadAllBytes(_folder.File(name)));
        var description = new CheckpointDescription(model.Architecture with { Depth = 1 }, model.Preprocessing, null, []);

        Assert.ThrowsExactly<IOException>(() => SafetensorsExport.Write(_folder.Path, description, name => throw new IOException("the disk is gone")));

        CollectionAssert.AreEquivalent(_written, Directory.GetFiles(_folder.Path).Select(Path.GetFileName).ToArray());
        foreach (string name in _written)
            CollectionAssert.AreEqual(before[name], File.ReadAllBytes(_folder.File(name)), name);
    }

    /// <summary>New weights beside an old configuration would be another model.</summary>
    [TestMethod]
    public void AConfigurationThatCannotBeWritten_LeavesNoWeights()
    {
        using var model = _context.Model.LoadVisionTransformer(TestData.Path("golden", "checkpoints", "timm"));
        model.SaveAsSafetensors(_folder.Path);
        File.Delete(_folder.File("config.json"));
        Directory.CreateDirectory(_folder.File("config.json"));

        Assert.Throws<IOException>(() => model.SaveAsSafetensors(_folder.Path));

        Assert.IsFalse(File.Exists(_folder.File("model.safetensors")));
        Assert.IsEmpty(Directory.GetFiles(_folder.Path, "*.tmp"));
    }

    [TestMethod]
    public void AFileInPlaceOfTheFolder_IsAnError()
    {
        using var model = _context.Model.LoadVisionTransformer(TestData.Path("golden", "checkpoints", "timm"));
        File.WriteAllText(_folder.File("taken"), "mine");

        Assert.Throws<IOException>(() => model.SaveAsSafetensors(_folder.File("taken")));

        Assert.AreEqual("mine", File.ReadAllText(_folder.File("taken")));
    }

    private static void AssertNamesAndShapes(string expectedPath, string actualPath)
    {
        var (expected, actual) = (SafetensorsFile.Read(expectedPath), SafetensorsFile.Read(actualPath));
        CollectionAssert.AreEquivalent(expected.Names.ToArray(), actual.Names.ToArray());
        foreach (string name in expected.Names)
            CollectionAssert.AreEqual(expected.Shape(name), actual.Shape(name), name);
    }

    /// <summary>Network, preprocessing and classes as they were, every tensor and the logits bit for bit.</summary>
    private void AssertReadsBack(VisionTransformerCheckpoint original, ImagePreprocessing preprocessing, IReadOnlyList<string> classes, bool named)
    {
        using var read = VisionTransformerCheckpoint.Load(_folder.Path);
        Assert.AreEqual(KnownArchitecture.Canonical(original.Architecture), KnownArchitecture.Canonical(read.Architecture) with { Name = original.Architecture.Name });
        Assert.AreEqual(preprocessing, read.Preprocessing);
        CollectionAssert.AreEqual(named ? classes.ToArray() : null, read.ClassNames?.ToArray());
        using var first = original.CreateNetwork();
        using var second = read.CreateNetwork();
        var values = second.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var (name, parameter) in first.named_parameters())
            Assert.IsTrue(parameter.SameValues(values[name]), name);
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        first.eval();
        second.eval();
        var size = original.Architecture.ImageSize;
        var x = linspace(0, 97, 2 * original.Architecture.Channels * size.Height * size.Width).sin().reshape(2, original.Architecture.Channels, size.Height, size.Width);
        Assert.IsTrue(first.forward(x).SameValues(second.forward(x)), "logits");
    }
}
