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
    /// <summary>Number of parameter tensors of the notebooks' networks: with a head, without, and with the one block that an explanation needs at a time.</summary>
    private const int Classifier = 32, Featurizer = 30, Explained = 20;

    /// <param name="name">The notebook's name.</param>
    /// <param name="classifiers">Number of classifiers that it creates, including the copies that the library creates to save one.</param>
    /// <param name="featurizers">Number of featurizers that it creates.</param>
    /// <param name="explanations">Number of explanations that it asks for.</param>
    [TestMethod]
    [DataRow("01-train-on-your-photos", 3, 0, 0)]
    [DataRow("02-transfer-learning", 8, 0, 0)]
    [DataRow("03-evaluate-and-explain", 1, 0, 7)]
    [DataRow("04-save-load-and-serve", 4, 0, 0)]
    [DataRow("05-move-over-from-image-classification", 1, 0, 0)]
    [DataRow("06-embeddings", 2, 4, 0)]
    public async Task EveryCellRuns_TheOutputsAreTheSavedOnes_AndTheTensorsComeBack(string name, int classifiers, int featurizers, int explanations)
    {
        if (!name.StartsWith("05", StringComparison.Ordinal))
            Requires.SlowTests();
        var program = NotebookFolder.Programs([name]).Single();
        long before = LiveTensors();

        var fresh = await NotebookRun.RunAsync(program);

        var saved = NotebookFolder.Saved(program);
        Assert.IsNotNull(saved, $"{program.NotebookPath} is missing. Generate it: {NotebookFolder.Regenerate}");
        var differences = NotebookComparison.Differences(saved, fresh);
        Assert.IsEmpty(differences, $"\n{string.Join('\n', differences)}\nIf the change is intended, run: {NotebookFolder.Regenerate}");
        AssertParametersOnly(LiveTensors() - before, classifiers, featurizers, explanations);
    }

    [TestMethod]
    public void EveryNotebookIsRunHere() => CollectionAssert.AreEquivalent(
        NotebookFolder.Programs([]).Select(t => t.Notebook.Name).ToArray(), DataRows.Of(typeof(NotebooksRunTests)).Select(row => row[0]).ToArray());

    /// <summary>
    /// TorchSharp 0.107 counts a parameter twice when a network registers it and once when it is disposed: the count rises by the number of parameters of
    /// each network although no memory leaks. Without AVX2 the library creates fewer copies.
    /// </summary>
    private static void AssertParametersOnly(long more, int classifiers, int featurizers, int explanations)
    {
        Assert.IsLessThanOrEqualTo((classifiers * Classifier) + (featurizers * Featurizer) + (explanations * Explained), more, "tensors not disposed, including parameters counted twice");
        bool whole = Enumerable.Range(0, featurizers + 1).Any(f => Enumerable.Range(0, explanations + 1).Any(e =>
            more - (f * Featurizer) - (e * Explained) is >= 0 and var rest && rest % Classifier == 0));
        Assert.IsTrue(whole, $"{more} tensors were not disposed, which is not the parameter count of whole networks");
    }

    private static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return torch.Tensor.TotalCount;
    }
}
