// Every property of a plan is part of a run's identity or has a reason not to be.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Plan;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Checkpointing;

[TestClass]
public sealed class RunIdentityTests
{
    public static IEnumerable<object[]> InIdentity => RunIdentity.Properties.Select(p => new object[] { p.Name });

    [TestMethod]
    public void EveryPropertyThatIsLeftOutHasAReason()
    {
        foreach (var property in RunIdentity.Settable.Except(RunIdentity.Properties))
        {
            string reason = property.GetCustomAttribute<NotInIdentityAttribute>()!.Reason;
            Assert.IsGreaterThan(20, reason.Length, property.Name);
            Assert.EndsWith(".", reason, property.Name);
        }
    }

    [TestMethod]
    [DynamicData(nameof(InIdentity))]
    public void AnotherValueOfAPropertyIsAnotherRun(string name)
    {
        var property = RunIdentity.Properties.Single(p => p.Name == name);
        var (plan, other) = (Plan(), Plan());
        property.SetValue(other, Another(property.PropertyType, property.GetValue(plan)));

        string[] differences = [.. RunIdentity.Differences(Identity(plan), Identity(other))];

        Assert.HasCount(1, differences);
        Assert.StartsWith(RunIdentity.NameOf(property), differences[0]);
    }

    [TestMethod]
    public void APropertyWithANameOfItsOwnIsKnownByTheOption()
    {
        string[] options = [.. typeof(VisionTransformerTrainer.Options).GetFields().Select(f => f.Name)];

        string[] unknown = [.. RunIdentity.Properties.Select(RunIdentity.NameOf).Except(options)];

        CollectionAssert.AreEqual(new[] { "the head of the pretrained model" }, unknown);
    }

    [TestMethod]
    public void TheTableInTheDocsHasEveryProperty()
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "run-identity.md"));

        foreach (var property in RunIdentity.Settable)
            Assert.Contains(Line(property), page);
    }

    [TestMethod]
    public void WhereAnImageIsKeptDoesNotMatterAndItsContentDoes()
    {
        using var folder = new TemporaryFolder();
        byte[] content = PaintedImage.Encode(PaintedImage.Gradient(5, 4), SkiaSharp.SKEncodedImageFormat.Png);
        File.WriteAllBytes(folder.File("a.png"), content);
        using var store = new ImageStore(memoryLimit: 0, folder.Path);
        var encoded = new EncodedImageSource(content, "here");

        string[] same = [.. new ImageSource[] { encoded, new ImageFileSource(folder.File("a.png"), "there"), store.Keep(encoded, new ImageLocation(0, "Image")) }.Select(Hash)];
        string wide = Hash(new DecodedImageSource(new RgbImage(6, 2, new byte[36]))), high = Hash(new DecodedImageSource(new RgbImage(2, 6, new byte[36])));

        Assert.HasCount(1, same.Distinct());
        Assert.AreNotEqual(wide, high);
        File.WriteAllBytes(folder.File("a.png"), [.. content[..^1], (byte)(content[^1] ^ 1)]);
        Assert.AreNotEqual(same[0], Hash(new ImageFileSource(folder.File("a.png"), "there")));
    }

    [TestMethod]
    public void AnImageThatIsNotThereIsNamed()
    {
        var error = Assert.Throws<InvalidImageException>(() => Hash(new ImageFileSource("no-such.png", "the image in row 3 of column 'Image'")));

        Assert.Contains("row 3", error.Message);
    }

    private static string Line(PropertyInfo property) => property.GetCustomAttribute<NotInIdentityAttribute>() is { } left
        ? $"| `{property.Name}` | no | {left.Reason} |"
        : $"| `{property.Name}` | as {(property.GetCustomAttribute<OptionNameAttribute>() is { Name: { } name } && name.Contains(' ', StringComparison.Ordinal) ? name : $"`{RunIdentity.NameOf(property)}`")} | |";

    private static string Hash(ImageSource image) => ImageHash.Of([new TrainingRow(image, 0, 1)], () => { });

    private static TrainingPlan Plan() => TinyTraining.Options().ToPlan(seed: 1, new TrainingDataSummary(30, ["red", "green", "blue"]));

    private static SortedDictionary<string, string> Identity(TrainingPlan plan) => RunIdentity.Of(plan, null, ["red", "green", "blue"], [], [], () => { });

    /// <summary>Another value of the type. A type that is not here makes the test fail: add it, and see that the identity has it.</summary>
    private static object Another(Type type, object? value) => value switch
    {
        bool flag => !flag,
        int number => number + 1,
        double number => number + 0.125,
        Enum member => Enum.GetValues(type).Cast<object>().First(other => !other.Equals(member)),
        VisionTransformerArchitecture architecture => architecture with { QkvBias = !architecture.QkvBias },
        ImagePreprocessing preprocessing => preprocessing with { ScaledDecoding = false },
        TrainingAugmentations augmentation => augmentation with { HueJitter = 0.125 },
        null when type == typeof(HeadPlan) => new HeadPlan(HeadFit.New, [], "It is new."),
        null when type == typeof(double?) => 0.25,
        null when type == typeof(IReadOnlyDictionary<string, float>) => new Dictionary<string, float> { ["red"] = 2 },
        null when type == typeof(VisionTransformerTrainer.EarlyStopping) => new VisionTransformerTrainer.EarlyStopping(),
        _ => throw new AssertFailedException($"There is no other value of type {type} for this test."),
    };

    [TestMethod]
    public void ARunOfAnEarlierBuildThatComputedIn32BitsIsTheSameRun()
    {
        var was = new Dictionary<string, string> { ["Precision"] = "Full", ["Epoch"] = "8" };
        var now = new Dictionary<string, string> { ["Precision"] = $"{TrainingPrecision.Float32}", ["Epoch"] = "8" };

        Assert.IsEmpty(RunIdentity.Differences(RunIdentity.WithCurrentNames(was), now));
    }
}
