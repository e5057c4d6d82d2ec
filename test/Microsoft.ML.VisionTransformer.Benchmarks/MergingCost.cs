// What does token merging give in speed, and what does it cost in answers?
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class MergingCost
{
    internal const string Command = "merging";

    private static readonly int[] _merged = [0, 4, 8, 12, 16];

    /// <param name="weights">A checkpoint with its head.</param>
    /// <param name="photos">A folder of folders named as the classes.</param>
    internal static void Run(string weights, string photos)
    {
        var context = new MLContext();
        var data = context.Data.LoadImagesFromFolder(photos);
        string[] labels = [.. data.GetColumn<string>("Label")];
        using var model = context.Model.LoadVisionTransformer(weights, imageColumnName: "ImagePath");
        Scores(model, data, 0);
        var rounds = Enumerable.Range(0, Pair.Rounds).Select(_ => _merged.Select(m => Scores(model, data, m)).ToArray()).ToArray();
        string[] usual = Answers(model, rounds[0][0].Scores);

        Console.WriteLine("| merged in each block | images/s | x without merging | top-1 | same answer as without |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        for (int i = 0; i < _merged.Length; i++)
        {
            string[] answers = Answers(model, rounds[0][i].Scores);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {_merged[i]} | {Median.Of(rounds.Select(r => labels.Length / r[i].Seconds)):F1} | {Median.Of(rounds.Select(r => r[0].Seconds / r[i].Seconds)):F2} | {Agreement(answers, labels):P1} | {Agreement(answers, usual):P1} |"));
        }
    }

    private static (double Seconds, float[][] Scores) Scores(VisionTransformerPredictionTransformer model, IDataView data, int merged)
    {
        model.MergedTokensPerBlock = merged;
        var clock = Stopwatch.StartNew();
        float[][] scores = [.. model.Transform(data).GetColumn<float[]>("Score")];
        return (clock.Elapsed.TotalSeconds, scores);
    }

    private static string[] Answers(VisionTransformerPredictionTransformer model, float[][] scores) =>
        [.. scores.Select(s => model.ClassNames[Array.IndexOf(s, s.Max())])];

    private static double Agreement(string[] answers, string[] others) => answers.Zip(others).Count(p => p.First == p.Second) / (double)answers.Length;
}
