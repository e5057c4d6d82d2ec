// The names under which ML.NET's evaluators and tools look for what a column means: strings of a file format, public in effect.
namespace Microsoft.ML.VisionTransformer.Interop;

internal static class AnnotationNames
{
    internal const string SlotNames = "SlotNames";
    internal const string KeyValues = "KeyValues";
    internal const string TrainingLabelValues = "TrainingLabelValues";
    internal const string ScoreColumnSetId = "ScoreColumnSetId";
    internal const string ScoreColumnKind = "ScoreColumnKind";
    internal const string ScoreValueKind = "ScoreValueKind";

    /// <summary>Values of <see cref="ScoreColumnKind"/> and <see cref="ScoreValueKind"/>.</summary>
    internal const string MulticlassClassification = "MulticlassClassification", Score = "Score", PredictedLabel = "PredictedLabel";
}
