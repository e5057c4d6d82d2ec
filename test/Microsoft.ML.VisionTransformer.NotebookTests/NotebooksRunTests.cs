// Every notebook runs from top to bottom and reproduces its saved outputs, except what may differ between machines.
using Microsoft.ML.VisionTransformer.NotebookTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner;
using NotebookRunner.Comparing;
using NotebookRunner.Running;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.NotebookTests;

[TestClass]
public sealed class NotebooksRunTests
{
    /// <summary>In every test run; the others are slow tests.</summary>
    private static readonly string[] _always = ["01-from-photos-to-a-model", "05-move-over-from-image-classification"];

    public static IEnumerable<object[]> Names => NotebookFolder.Programs([]).Select(t => new object[] { t.Notebook.Name });

    /// <summary>A very small model under the same id: the same cells in seconds. Outputs that depend on the model are compared by their shape.</summary>
    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task WithASmallModel_EveryCellRuns_AndTheOutputsHaveTheSavedShape(string name)
    {
        if (!_always.Contains(name))
            Requires.SlowTests();
        int threads = torch.get_num_threads();
        torch.set_num_threads(1);    // a network this small gains nothing from several threads and becomes much slower on a busy machine
        try
        {
            await RunAndCompareAsync(name, NotebookModel.Small, sameModel: false);
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task WithTheModelOfTheSavedOutputs_TheOutputsAreTheSavedOnes(string name)
    {
        Requires.SlowTests();
        Requires.OptionalData();

        await RunAndCompareAsync(name, OptionalData.PretrainedModel, sameModel: true);
    }

    private static async Task RunAndCompareAsync(string name, string folder, bool sameModel)
    {
        var program = NotebookFolder.Programs([name]).Single();
        using var model = new LocalModel(folder);

        var fresh = await NotebookRun.RunAsync(program);

        var saved = NotebookFolder.Saved(program);
        Assert.IsNotNull(saved, $"{program.NotebookPath} is missing. Generate it: {NotebookFolder.Regenerate}");
        var differences = NotebookComparison.Differences(saved, fresh, sameModel);
        Assert.IsEmpty(differences, $"\n{string.Join('\n', differences)}\nIf the change is intended, run: {NotebookFolder.Regenerate}");
    }
}
