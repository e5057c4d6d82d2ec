// Stored options: every option that describes the training is read back with its value; the others are on a list.
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.History;
using Options = Microsoft.ML.VisionTransformer.VisionTransformerTrainer.Options;

namespace Microsoft.ML.VisionTransformer.Tests.Training.History;

[TestClass]
public sealed class StoredOptionsTests
{
    private static FieldInfo[] AllFields => typeof(Options).GetFields(BindingFlags.Public | BindingFlags.Instance);

    public static IEnumerable<object[]> Names => AllFields.Select(f => new object[] { f.Name });

    /// <summary>A new option needs a value in OptionValues, or a reason in StoredOptions.Excluded.</summary>
    [TestMethod]
    [DynamicData(nameof(Names))]
    public void AnOptionIsReadBackOrExcluded(string name)
    {
        var field = typeof(Options).GetField(name)!;
        bool excluded = StoredOptions.Excluded.ContainsKey(name);
        Assert.AreNotEqual(excluded, OptionValues.All.ContainsKey(name), $"{name} needs a value in OptionValues, or a reason in StoredOptions.Excluded");
        if (excluded)
            return;
        var options = new Options();
        Assert.AreNotEqual(field.GetValue(options), OptionValues.All[name], "the default shows nothing");
        if (OptionValues.NeedPretrainedModel.Contains(name))
            options.PretrainedModel = "model";
        field.SetValue(options, OptionValues.All[name]);

        var read = RoundTrip(StoredOptions.Of(options));

        Assert.AreEqual(Text(field.GetValue(options)), Text(field.GetValue(read)));
        foreach (var other in AllFields.Where(f => f.Name != name && StoredOptions.Fields.ContainsKey(f.Name)))
            Assert.AreEqual(other.GetValue(options), other.GetValue(read), other.Name);
    }

    [TestMethod]
    public void EachExcludedOptionExistsAndHasItsDefaultInTheCopy()
    {
        Assert.IsEmpty(StoredOptions.Excluded.Keys.Except(AllFields.Select(f => f.Name)));
        var options = new Options { Device = "cpu", WorkspacePath = "runs", Logs = TrainingLogs.Csv, ImageMemoryLimitBytes = 5, MetricsCallback = _ => { }, Distributed = DistributedTraining.Off };

        var copy = StoredOptions.Of(options);

        foreach (var field in AllFields.Where(f => StoredOptions.Excluded.ContainsKey(f.Name)))
            Assert.AreEqual(field.GetValue(new Options()), field.GetValue(copy), field.Name);
    }

    [TestMethod]
    public void DefaultsAreNotStored() => Assert.AreEqual("{}", JsonOf(new Options()));

    [TestMethod]
    public void OptionsThatNeedAValidationSetAreReadWithoutOne()
    {
        var options = new Options { ValidationSetFraction = 0, Calibrate = true, EarlyStoppingCriteria = new() };

        Assert.IsTrue(RoundTrip(options).Calibrate);
    }

    [TestMethod]
    [DataRow("""{"Momentun": 1}""", "Momentun")]
    [DataRow("""{"WorkspacePath": "runs"}""", "WorkspacePath")]
    [DataRow("""{"Optimizer": "Lion"}""", "Optimizer")]
    [DataRow("""{"Epoch": "many"}""", "Epoch")]
    [DataRow("""{"Epoch": 0}""", "Epoch")]
    [DataRow("""{"Momentum": null}""", "Momentum")]
    [DataRow("""{"LabelColumnName": null}""", "LabelColumnName")]
    [DataRow("""{"ScoreColumnName": null}""", "ScoreColumnName")]
    [DataRow("""{"LearningRate": "NaN"}""", "LearningRate")]
    [DataRow("""{"ValidationSetFraction": 1}""", "ValidationSetFraction")]
    [DataRow("""{"ClassWeights": {"rose": -1}}""", "ClassWeights")]
    [DataRow("""{"EarlyStoppingCriteria": {"Patience": 0}}""", "patience")]
    [DataRow("""{"Arch": {"Name": null}}""", "Name")]
    [DataRow("""{"Augmentation": {"MixupAlpha": -1}}""", "MixupAlpha")]
    [DataRow("[]", "Options")]
    [DataRow("7", "Options")]
    public void WhatIsWrongIsNamed(string json, string name)
    {
        var error = Assert.Throws<Exception>(() => Read(json));

        Assert.IsTrue(error is JsonException or ArgumentException, error.ToString());
        Assert.Contains(name, error.Message);
    }

    private static Options RoundTrip(Options options) => Read(JsonOf(options));

    private static Options Read(string json) => ModelJson.Read<TrainingHistory>(Encoding.UTF8.GetBytes($$"""{"Options": {{json}}}""")).Options!;

    private static string JsonOf(Options options)
    {
        using var document = JsonDocument.Parse(ModelJson.Write(new TrainingHistory { Options = options }));
        return document.RootElement.GetProperty(nameof(TrainingHistory.Options)).GetRawText();
    }

    /// <summary>Types without equality are compared as JSON.</summary>
    private static string Text(object? value) => Encoding.UTF8.GetString(ModelJson.Write(value));
}
