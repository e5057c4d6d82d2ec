// Every notebook of the repository runs from top to bottom, and puts out what is saved, as far as that is the same on every machine.
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
    /// <summary>Parameters of the notebooks' networks, with a head and without.</summary>
    private const int Classifier = 32, Featurizer = 30;

    /// <param name="name">The notebook.</param>
    /// <param name="classifiers">How many classifiers it makes, the copies among them that the library makes to save or to explain one.</param>
    /// <param name="featurizers">How many featurizers.</param>
    [TestMethod]
    [DataRow("01-train-on-your-photos", 3, 0)]
    [DataRow("02-transfer-learning", 8, 0)]
    [DataRow("03-evaluate-and-explain", 8, 0)]
    [DataRow("04-save-load-and-serve", 4, 0)]
    [DataRow("05-move-over-from-image-classification", 1, 0)]
    [DataRow("06-embeddings", 2, 4)]
    public async Task EveryCellRuns_TheOutputsAreTheSavedOnes_AndTheTensorsComeBack(string name, int classifiers, int featurizers)
    {
        if (!name.StartsWith("05", StringComparison.Ordinal))
            Requires.SlowTests();
        var twin = NotebookFolder.Twins([name]).Single();
        long before = LiveTensors();

        var fresh = await NotebookRun.RunAsync(twin);

        var saved = NotebookFolder.Saved(twin);
        Assert.IsNotNull(saved, $"{twin.NotebookPath} is missing. Make it: {NotebookFolder.Regenerate}");
        var differences = NotebookComparison.Differences(saved, fresh);
        Assert.IsEmpty(differences, $"\n{string.Join('\n', differences)}\nIf that is meant, run: {NotebookFolder.Regenerate}");
        AssertParametersOnly(LiveTensors() - before, classifiers, featurizers);
    }

    [TestMethod]
    public void EveryNotebookIsRunHere() => CollectionAssert.AreEquivalent(
        NotebookFolder.Twins([]).Select(t => t.Notebook.Name).ToArray(), DataRows.Of(typeof(NotebooksRunTests)).Select(row => row[0]).ToArray());

    /// <summary>
    /// TorchSharp 0.107 counts a parameter twice when a network takes it over and once when it is disposed: the count rises by the parameters of each network
    /// though no memory stays. Without AVX2 the library makes fewer copies.
    /// </summary>
    private static void AssertParametersOnly(long more, int classifiers, int featurizers)
    {
        Assert.IsLessThanOrEqualTo((classifiers * Classifier) + (featurizers * Featurizer), more, "tensors that stayed, and parameters counted twice");
        bool whole = Enumerable.Range(0, featurizers + 1).Any(f => more >= f * Featurizer && (more - (f * Featurizer)) % Classifier == 0);
        Assert.IsTrue(whole, $"{more} tensors stayed, which are not the parameters of whole networks");
    }

    private static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return torch.Tensor.TotalCount;
    }
}
