// Gathers what the report shows, and writes it.
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Training;

namespace Microsoft.ML.VisionTransformer.Cli.Judging;

internal sealed record ModelReport
{
    internal static ModelReport OfTraining(Classifier model, SessionSettings settings, TestSplit split, Judgement? judgement) => new();

    internal static ModelReport OfEvaluation(Classifier model, string path, string data, Judgement judgement) => new();

    internal static void Write(string path, ModelReport report)
    {
    }
}
