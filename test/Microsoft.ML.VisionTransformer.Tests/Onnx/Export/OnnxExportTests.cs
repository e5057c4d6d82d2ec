// Metadata, outputs and files of an ONNX export, the effect of the options, and unsupported exports.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Onnx.Export;
using Microsoft.ML.VisionTransformer.Onnx.Format;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Onnx.Export;

[TestClass]
public sealed class OnnxExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly VisionTransformerNetwork _network = new(TinyNetwork.Architecture);

    public OnnxExportTests() => _network.eval();

    public void Dispose()
    {
        _folder.Dispose();
        _network.Dispose();
    }

    [TestMethod]
    public void TheMetadataSaysWhatTheModelIs()
    {
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions(), model => model with { ClassNames = ["a", "b", "c", "\u00e4, \"d\"", "e"], Temperature = 1.5 });
        using var run = new OnnxRun(path);

        CollectionAssert.AreEqual(new[] { "a", "b", "c", "\u00e4, \"d\"", "e" }, JsonSerializer.Deserialize<string[]>(run.Metadata["class_names"]));
        Assert.AreEqual("1.5", run.Metadata["temperature"]);
        Assert.AreEqual("Float32", run.Metadata["precision"]);
        Assert.AreEqual(TinyNetwork.Architecture, ModelJson.Read<VisionTransformerArchitecture>(System.Text.Encoding.UTF8.GetBytes(run.Metadata["architecture"])));
        StringAssert.StartsWith(run.Metadata["library_version"], "0.");
        StringAssert.Contains(run.Metadata["preprocessing"], "CropFraction");
    }

    [TestMethod]
    public void ProbabilitiesAreTheSoftmaxOfLogitsOverTheTemperature()
    {
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions(), model => model with { Temperature = 2 });
        using var run = new OnnxRun(path);
        using var images = TinyNetwork.Images(3);
        float[] values = images.data<float>().ToArray();

        float[] logits = run.Run(values, [3, 2, 10, 21], "logits"), probabilities = run.Run(values, [3, 2, 10, 21], "probabilities");

        double sum = logits.Take(5).Sum(l => Math.Exp(l / 2));
        for (int i = 0; i < 5; i++)
            Assert.AreEqual(Math.Exp(logits[i] / 2) / sum, probabilities[i], 1e-6);
    }

    [TestMethod]
    public void SizesOfInputsAndOutputsAreNamedOrFixed()
    {
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions());
        using (var any = new OnnxRun(path))
        {
            CollectionAssert.AreEqual(new[] { -1, 2, 10, 21 }, any.Inputs["input"].Dimensions);
            CollectionAssert.AreEqual(new[] { -1, 5 }, any.Outputs["logits"].Dimensions);
            CollectionAssert.AreEqual(new[] { -1, 12 }, any.Outputs["embedding"].Dimensions);
        }

        OnnxGolden.Write(path, _network, new OnnxExportOptions { BatchSize = 4 });
        using var four = new OnnxRun(path);
        CollectionAssert.AreEqual(new[] { 4, 2, 10, 21 }, four.Inputs["input"].Dimensions);
        CollectionAssert.AreEqual(new[] { 4, 5 }, four.Outputs["probabilities"].Dimensions);
    }

    [TestMethod]
    public void NodesAreNamedByTheModulesTheyCompute()
    {
        var graph = new GraphBuilder(OnnxExport.OperatorSet);
        var model = new OnnxModelDescription(TinyNetwork.Architecture, new ImagePreprocessing(), _ => ReadOnlyMemory<float>.Empty);
        _ = new NetworkPart(new NetworkContext(graph, model, OnnxPrecision.Float32), model, "input", null).Logits;

        string[] names = [.. graph.Build().Nodes.Select(n => n.Name)];

        CollectionAssert.IsSubsetOf(
            new[] { "/patch_embed/proj/Conv", "/pos_embed/Add", "/blocks.0/norm1/LayerNormalization", "/blocks.1/attn/qkv/MatMul", "/blocks.1/mlp/fc2/Add", "/head/MatMul" },
            names);
    }

    /// <summary>Each product of an int8 file is one fused operation in ONNX Runtime; the file itself has standard operators only.</summary>
    [TestMethod]
    [DataRow(null)]
    [DataRow(2)]
    public void OnnxRuntimeFusesTheProductsInIntegers(int? batchSize)
    {
        string path = _folder.File("model.onnx"), optimized = _folder.File("optimized.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions { Precision = OnnxPrecision.Int8, BatchSize = batchSize });
        using (new OnnxRun(path, optimized))
        {
        }

        int products = 4 * TinyNetwork.Architecture.Depth;
        Assert.AreEqual(products, OperatorCounts.Of(path)["MatMulInteger"]);
        Assert.AreEqual(products, OperatorCounts.Of(path)["QuantizeLinear"]);
        Assert.AreEqual(products, OperatorCounts.Of(optimized).GetValueOrDefault("MatMulIntegerToFloat"));
        Assert.AreEqual(0, OperatorCounts.Of(optimized).GetValueOrDefault("MatMulInteger"));
    }

    [TestMethod]
    public void AnImageInIntegersDoesNotDependOnTheOthersOfItsBatch()
    {
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions { Precision = OnnxPrecision.Int8 });
        using var run = new OnnxRun(path);
        using var images = TinyNetwork.Images(2);
        float[] both = images.data<float>().ToArray(), loud = [.. both];
        for (int i = both.Length / 2; i < loud.Length; i++)
            loud[i] *= 50;

        float[] quiet = run.Run(both, [2, 2, 10, 21], "logits"), beside = run.Run(loud, [2, 2, 10, 21], "logits");

        CollectionAssert.AreEqual(quiet[..5], beside[..5]);
        CollectionAssert.AreNotEqual(quiet[5..], beside[5..]);
    }

    /// <summary>Two neighbors of one sign: 255 times their sum must fit in 16 bits, because AVX2 without VNNI saturates there.</summary>
    [TestMethod]
    public void NeighboringWeightsInIntegersCannotSaturate()
    {
        float[] row = [1, 1, -1, -0.5f, 0.25f, 1, 0.7f];

        var quantized = QuantizedWeights.Of(row, rows: 1);

        CollectionAssert.AreEqual(
            new sbyte[] { 64, 64, -64, -32, 16, 64, 44 }, quantized.Values.Select(b => unchecked((sbyte)b)).ToArray());
        CollectionAssert.AreEqual(
            new sbyte[] { 127, 0, -127, 64 }, QuantizedWeights.Of([1, 0, -1, 0.5f], rows: 1).Values.Select(b => unchecked((sbyte)b)).ToArray());
    }

    [TestMethod]
    public void WeightsInASecondFileGiveTheSame()
    {
        string one = _folder.File("one.onnx"), two = _folder.File("two.onnx");
        var architecture = TinyTraining.Architecture with { Classes = 3 };
        using var network = new VisionTransformerNetwork(architecture);
        OnnxGolden.Write(one, network, new OnnxExportOptions { Outputs = OnnxOutputs.Logits });
        OnnxGolden.Write(two, network, new OnnxExportOptions { Outputs = OnnxOutputs.Logits, ExternalData = true });
        float[] input = [.. Enumerable.Range(0, 3 * 16 * 16).Select(i => MathF.Sin(i))];
        using var first = new OnnxRun(one);
        using var second = new OnnxRun(two);

        CollectionAssert.AreEqual(first.Run(input, [1, 3, 16, 16]), second.Run(input, [1, 3, 16, 16]));
        Assert.IsTrue(File.Exists(two + ".data"));
        Assert.IsLessThan(new FileInfo(one).Length / 2, new FileInfo(two).Length);
    }

    [TestMethod]
    [DataRow(FeatureKind.ClassToken)]
    [DataRow(FeatureKind.Average)]
    [DataRow(FeatureKind.ClassTokenAndAverage)]
    [DataRow(FeatureKind.Pooled)]
    [DataRow(FeatureKind.HeadOutput)]
    public void EveryKindOfEmbeddingIsTheLibrarysOwn(FeatureKind kind)
    {
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions { Outputs = OnnxOutputs.Embedding }, model => model with { Embedding = kind, NormalizesEmbedding = true });
        using var run = new OnnxRun(path);
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var images = TinyNetwork.Images(2);
        var expected = nn.functional.normalize(_network.ForwardEmbedding(_network.ForwardFeatures(images), kind), p: 2, dim: 1);

        float[] found = run.Run(images.data<float>().ToArray(), [2, 2, 10, 21]);

        Assert.IsLessThan(1e-5, (tensor(found, expected.shape) - expected).abs().max().item<float>());
    }

    [TestMethod]
    public void ARepresentationLayerBehindTwoHeadsIsWritten()
    {
        var architecture = TinyNetwork.Architecture with { DistillationToken = true, RepresentationDimension = 7, PositionEmbedding = PositionEmbedding.SinCos2D };
        using var network = new VisionTransformerNetwork(architecture);
        network.eval();
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, network, new OnnxExportOptions());
        using var run = new OnnxRun(path);
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var images = TinyNetwork.Images(2);

        float[] found = run.Run(images.data<float>().ToArray(), [2, 2, 10, 21], "logits");

        Assert.IsLessThan(1e-5, (tensor(found, [2, 5]) - network.forward(images)).abs().max().item<float>());
    }

    [TestMethod]
    public void AFailureLeavesTheOldFileAndNothingBesideIt()
    {
        string path = _folder.File("model.onnx");
        File.WriteAllText(path, "old");

        Assert.ThrowsExactly<IOException>(() => OnnxGolden.Write(
            path, _network, new OnnxExportOptions { ExternalData = true }, model => model with { Values = _ => throw new IOException("No space left on device") }));

        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(_folder.Path));
    }

    [TestMethod]
    public void AnExportInOneFileRemovesTheWeightsOfTheOldOne()
    {
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions { ExternalData = true });
        OnnxGolden.Write(path, _network, new OnnxExportOptions());

        Assert.IsFalse(File.Exists(path + ".data"));
        using var run = new OnnxRun(path);
    }

    [TestMethod]
    public void AnotherProgramsDataStays()
    {
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, _network, new OnnxExportOptions());
        File.WriteAllText(path + ".data", "the user's");
        OnnxGolden.Write(path, _network, new OnnxExportOptions());

        Assert.AreEqual("the user's", File.ReadAllText(path + ".data"));
    }

    /// <summary>The new file's weights next to the old file's graph would be read without an error.</summary>
    [TestMethod]
    public void WeightsThatCannotBePutInPlaceLeaveTheOldModel()
    {
        string path = _folder.File("model.onnx");
        File.WriteAllText(path, "old");
        Directory.CreateDirectory(path + ".data");

        Assert.Throws<IOException>(() => OnnxGolden.Write(path, _network, new OnnxExportOptions { ExternalData = true }));

        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFiles(_folder.Path));
    }

    [TestMethod]
    public void APathThatCannotBeWrittenIsSaid()
    {
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => OnnxGolden.Write(Path.Combine(_folder.Path, "no", "model.onnx"), _network, new OnnxExportOptions()));
        StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => OnnxGolden.Write(_folder.Path, _network, new OnnxExportOptions())).Message, "is a folder");
    }

    [TestMethod]
    public void WhatTheNetworkDoesNotHaveIsRefused()
    {
        using var headless = new VisionTransformerNetwork(TinyNetwork.Architecture with { Classes = 0 });
        string path = _folder.File("model.onnx");

        var noHead = Assert.ThrowsExactly<NotSupportedException>(() => OnnxGolden.Write(path, headless, new OnnxExportOptions { Outputs = OnnxOutputs.Logits }));
        var noColors = Assert.ThrowsExactly<NotSupportedException>(() => OnnxGolden.Write(path, _network, new OnnxExportOptions { Input = OnnxInput.RawRgb }));

        StringAssert.Contains(noHead.Message, "has no head");
        StringAssert.Contains(noColors.Message, "2 channels");
        Assert.IsFalse(File.Exists(path));
    }

    [TestMethod]
    public void OptionsThatMakeNoSenseAreRefused()
    {
        string path = _folder.File("model.onnx");

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => OnnxGolden.Write(path, _network, new OnnxExportOptions { BatchSize = 0 }));
        Assert.ThrowsExactly<ArgumentException>(() => OnnxGolden.Write(path, _network, new OnnxExportOptions { Outputs = 0 }));
        Assert.ThrowsExactly<ArgumentException>(() => OnnxGolden.Write(path, _network, new OnnxExportOptions { Outputs = (OnnxOutputs)8 }));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => OnnxGolden.Write(path, _network, new OnnxExportOptions { Precision = (OnnxPrecision)9 }));
    }
}
