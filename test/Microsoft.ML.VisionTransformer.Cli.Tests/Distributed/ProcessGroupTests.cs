// Process groups: each process scores its shard, and an error in one ends all.
using System.Text;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Distributed;

[TestClass]
public sealed class ProcessGroupTests
{
    [TestMethod]
    public void ExchangeCollectsTheDataOfAllByRank()
    {
        string[] found = ThreadGroup.Run(3, group =>
        {
            var answers = new ProcessGroup(group).Exchange(Encoding.UTF8.GetBytes($"of {group.Rank}"));
            return string.Join(',', answers.Select(bytes => Encoding.UTF8.GetString(bytes.Span)));
        });

        CollectionAssert.AreEqual(new[] { "of 0,of 1,of 2", "of 0,of 1,of 2", "of 0,of 1,of 2" }, found);
    }

    [TestMethod]
    public void AnErrorOfOneProcessReachesAllAtTheNextExchange()
    {
        string[] messages = ThreadGroup.Run(3, group => MessageOfFailedRun(group, rank => rank == 1 ? new IOException("no space") : null));

        Assert.AreEqual($"Rank 1 on {Environment.MachineName}: no space", messages[0]);
        Assert.IsTrue(messages.All(text => text == messages[0]));
    }

    [TestMethod]
    public void OfSeveralErrorsThatOfTheLowestRankIsReported()
    {
        string[] messages = ThreadGroup.Run(4, group => MessageOfFailedRun(group, rank => rank > 1 ? new IOException($"error of {rank}") : null));

        Assert.IsTrue(messages.All(text => text == $"Rank 2 on {Environment.MachineName}: error of 2"), string.Join('\n', messages));
    }

    [TestMethod]
    public void AnErrorInAllProcessesReadsLikeThatOfASingleProcess()
    {
        string[] messages = ThreadGroup.Run(2, group => MessageOfFailedRun(group, _ => new IOException("no such model")));

        CollectionAssert.AreEqual(new[] { "no such model", "no such model" }, messages);
    }

    [TestMethod]
    [DataRow(1, 1), DataRow(7, 3), DataRow(64, 2), DataRow(65, 2), DataRow(200, 3), DataRow(2, 4), DataRow(0, 2)]
    public void ScoresComeInTheOrderOfTheImages(int count, int size)
    {
        var images = Enumerable.Range(0, count).Select(i => new InputImage($"{i}.png", $"{i}.png")).ToArray();

        var found = ThreadGroup.Run(size, group => DistributedScoring.Score(new ProcessGroup(group), new NumberScorer(), images, CancellationToken.None).ToArray());

        foreach (var scores in found)
        {
            CollectionAssert.AreEqual(images, scores.Select(scored => scored.Image).ToArray());
            for (int i = 0; i < count; i++)
            {
                if (i % 10 == 9)
                    Assert.AreEqual("broken", scores[i].Problem);
                else
                    CollectionAssert.AreEqual(new float[] { i, 1f / (i + 1) }, scores[i].Values);
            }
        }
    }

    [TestMethod]
    public void EachImageIsScoredByOneProcess()
    {
        var images = Enumerable.Range(0, 70).Where(i => i % 10 != 9).Select(i => new InputImage($"{i}", $"{i}")).ToArray();

        var scorers = ThreadGroup.Run(3, group =>
        {
            var scorer = new NumberScorer();
            _ = DistributedScoring.Score(new ProcessGroup(group), scorer, images, CancellationToken.None).Count();
            return scorer;
        });

        CollectionAssert.AreEquivalent(images.Select(image => image.Path).ToArray(), scorers.SelectMany(scorer => scorer.Seen).ToArray());
        Assert.IsTrue(scorers.All(scorer => scorer.Seen.Count == images.Length / 3), "shards of the same size");
    }

    [TestMethod]
    public void DifferentImagesAreReported()
    {
        string[] messages = ThreadGroup.Run(2, group => Caught(() => ConsistencyCheck.Run(new ProcessGroup(group), "hub/model", group.Rank == 0 ? ["a", "b"] : ["a"])));

        StringAssert.StartsWith(messages[0], $"Rank 1 on {Environment.MachineName} has different images (1 file, ");
        Assert.AreEqual(messages[0], messages[1]);
    }

    [TestMethod]
    public void DifferentModelsAreReported()
    {
        string[] messages = ThreadGroup.Run(2, group => Caught(() => ConsistencyCheck.Run(new ProcessGroup(group), $"hub/model{group.Rank}", [])));

        StringAssert.Contains(messages[1], "has a different model (hub/model1) than rank 0 (hub/model0)");
    }

    private static string Caught(Action action) => Assert.Throws<InvalidDataException>(action).Message;

    /// <summary>A run in which not all processes reach the second exchange.</summary>
    /// <returns>The message of the failure.</returns>
    private static string MessageOfFailedRun(ICommunicator group, Func<int, Exception?> errorOf)
    {
        var run = new ProcessGroup(group);
        try
        {
            run.Exchange([]);
            if (errorOf(group.Rank) is { } error)
                throw error;
            run.Exchange([1, 2, 3]);
            run.Barrier();
            return "";
        }
        catch (Exception e)
        {
            return run.Fail(e, e.Message, 1).DisplayMessage;
        }
    }

    /// <summary>Scores an image with the number in its name; every tenth image cannot be read.</summary>
    private sealed class NumberScorer : IImageScorer
    {
        internal List<string> Seen { get; } = [];

        public float[][] Score(IReadOnlyList<string> paths)
        {
            var values = paths.Select(path => int.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture)).ToArray();
            if (values.Any(i => i % 10 == 9))
                throw new InvalidImageException("broken");
            Seen.AddRange(paths);
            return [.. values.Select(i => new[] { i, 1f / (i + 1) })];
        }

        public string ReasonForMissingScores(InputImage image) => "missing";
    }
}
