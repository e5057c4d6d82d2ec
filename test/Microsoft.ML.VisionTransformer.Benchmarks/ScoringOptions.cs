// The speed gain of token merging and bfloat16, and their cost in accuracy.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class ScoringOptions
{
    internal const string Command = "options";

    private static readonly Choice[] _choices =
    [
        new("none", 0, ScoringPrecision.Float32),
        .. new[] { 4, 8, 12, 16 }.Select(merged => new Choice($"{merged} tokens merged in each block", merged, ScoringPrecision.Float32)),
        new("int8", 0, ScoringPrecision.Int8),
        .. ProcessorFeatures.MultipliesBFloat16 ? [new Choice("bfloat16", 0, ScoringPrecision.BFloat16)] : Array.Empty<Choice>(),
    ];

    /// <param name="weights">A checkpoint with its head.</param>
    /// <param name="photos">A folder with one folder per class, named after the class.</param>
    internal static void Run(string weights, string photos)
    {
        var context = new MLContext();
        var data = context.Data.LoadImagesFromFolder(photos);
        string[] labels = [.. data.GetColumn<string>("Label")];
        using var model = context.Model.LoadVisionTransformer(weights, imageColumnName: "ImagePath");
        Scores(model, data, _choices[0]);
        var rounds = Enumerable.Range(0, Pair.Rounds).Select(_ => _choices.Select(choice => Scores(model, data, choice)).ToArray()).ToArray();
        string[] usual = Answers(model, rounds[0][0].Scores);

        Console.WriteLine("| option | images/s | x without | top-1 | same answer as without | largest difference of a score | mean |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        for (int i = 0; i < _choices.Length; i++)
        {
            string[] answers = Answers(model, rounds[0][i].Scores);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {_choices[i].Name} | {Median.Of(rounds.Select(r => labels.Length / r[i].Seconds)):F1} | {Median.Of(rounds.Select(r => r[0].Seconds / r[i].Seconds)):F2} | {Agreement(answers, labels):P1} | {Agreement(answers, usual):P1} | {Difference(rounds[0][i].Scores, rounds[0][0].Scores):F3} | {Mean(rounds[0][i].Scores, rounds[0][0].Scores):F5} |"));
        }
    }

    private static (double Seconds, float[][] Scores) Scores(VisionTransformerPredictionTransformer model, IDataView data, Choice choice)
    {
        (model.MergedTokensPerBlock, model.ScoringPrecision) = (0, ScoringPrecision.Float32);
        (model.MergedTokensPerBlock, model.ScoringPrecision) = (choice.Merged, choice.Precision);
        var clock = Stopwatch.StartNew();
        float[][] scores = [.. model.Transform(data).GetColumn<float[]>("Score")];
        return (clock.Elapsed.TotalSeconds, scores);
    }

    private static string[] Answers(VisionTransformerPredictionTransformer model, float[][] scores) =>
        [.. scores.Select(s => model.ClassNames[Array.IndexOf(s, s.Max())])];

    private static double Agreement(string[] answers, string[] others) => answers.Zip(others).Count(p => p.First == p.Second) / (double)answers.Length;

    private static float Difference(float[][] scores, float[][] others) => scores.Zip(others).Max(p => p.First.Zip(p.Second, (a, b) => Math.Abs(a - b)).Max());

    private static double Mean(float[][] scores, float[][] others) => scores.Zip(others).Average(p => p.First.Zip(p.Second, (a, b) => Math.Abs(a - b)).Average());

    private sealed record Choice(string Name, int Merged, ScoringPrecision Precision);
}
