// Documents read without the serializer: the same values, and every other document is left to the serializer.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class PlainJsonTests
{
    private static readonly JsonSerializerOptions _serializer = new() { Converters = { new JsonStringEnumConverter(allowIntegerValues: false) } };

    private static readonly VisionTransformerArchitecture _everyProperty = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
    {
        ImageSize = (48, 32),
        PatchStride = 8,
        LayerScale = 1e-5,
        NormAfterPooling = true,
        Pooling = TokenPooling.Average,
        Rotary = new() { Temperature = 100, ReferenceGrid = (14, 12) },
        DropPathRate = 0.1,
    };

    [TestMethod]
    public void AnArchitectureIsRead() => AssertSame(_everyProperty);

    [TestMethod]
    public void APreprocessingIsRead() => AssertSame(new ImagePreprocessing { Size = (48, 32), Mean = new(0.25f, 1e-8f), Interpolation = ImageInterpolation.Bilinear, AllowTruncated = true });

    /// <summary>With a renamed property, times, a dictionary, lists of records, and options with a converter of their own.</summary>
    [TestMethod]
    public void AHistoryIsRead() => AssertSame(new TrainingHistory
    {
        Epochs = [new() { Epoch = 1, TrainingLoss = 0.5, ImageWaitFraction = 0.25, Elapsed = TimeSpan.FromSeconds(1.5) }, new() { Epoch = 2, ValidationLoss = 1e-9 }],
        InvalidImages = ["a \"quoted\" name.jpg", "ü"],
        Duration = TimeSpan.FromDays(2),
        Versions = new Dictionary<string, string> { [".NET"] = "10" },
        Options = new() { Epoch = 5, LearningRate = 3e-4f, Arch = _everyProperty },
        Strategy = TrainingStrategy.FineTune,
        LearningCurve = [new(10, 0.5), new(20, 0.75)],
    });

    [TestMethod]
    [DataRow("""{ "Depth": 3, "Unknown": [1, { }] }""", "unknown properties are ignored")]
    [DataRow("""{ "Depth": 3, "Depth": 4 }""", "the last of two counts")]
    [DataRow("""{ "LayerScale": null, "Rotary": null }""", "null")]
    [DataRow("{ }", "defaults")]
    public void ADocumentByHandIsReadAsByTheSerializer(string json, string what)
    {
        var read = PlainJson.TryRead(Encoding.UTF8.GetBytes(json), typeof(VisionTransformerArchitecture), _serializer);

        Assert.AreEqual(JsonSerializer.Deserialize<VisionTransformerArchitecture>(json, _serializer), read, what);
    }

    [TestMethod]
    public void AParameterThatTheDocumentLacksHasItsDefault() =>
        Assert.AreEqual(new LearningCurvePoint(3, 0), PlainJson.TryRead("""{ "Images": 3 }"""u8.ToArray(), typeof(LearningCurvePoint), _serializer));

    [TestMethod]
    [DataRow("""{ "Depth": null }""")]
    [DataRow("""{ "Depth": "3" }""")]
    [DataRow("""{ "Depth": 1.5 }""")]
    [DataRow("""{ "Depth": 99999999999 }""")]
    [DataRow("""{ "Pooling": "classtoken" }""")]
    [DataRow("""{ "Pooling": 0 }""")]
    [DataRow("""{ "Rotary": [] }""")]
    [DataRow("""{ "MlpRatio": "NaN" }""")]
    [DataRow("""{ "Depth": 3, }""")]
    [DataRow("""[]""")]
    [DataRow("""null""")]
    [DataRow("")]
    public void AnyOtherDocumentIsLeftToTheSerializer(string json) =>
        Assert.IsNull(PlainJson.TryRead(Encoding.UTF8.GetBytes(json), typeof(VisionTransformerArchitecture), _serializer));

    [TestMethod]
    [DataRow(typeof(SortedDictionary<string, string>))]
    [DataRow(typeof(Dictionary<string, int>))]
    [DataRow(typeof(object))]
    [DataRow(typeof(ChannelValues))]
    public void TypesThatAreNoRecordsAreLeftToTheSerializer(Type type) => Assert.IsNull(PlainJson.TryRead("{ }"u8.ToArray(), type, _serializer));

    private static void AssertSame<T>(T value)
        where T : class
    {
        byte[] json = ModelJson.Write(value);
        var read = (T?)PlainJson.TryRead(json, typeof(T), _serializer);

        Assert.IsNotNull(read, "it was left to the serializer");
        Assert.AreEqual(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(ModelJson.Write(read)));
    }
}
