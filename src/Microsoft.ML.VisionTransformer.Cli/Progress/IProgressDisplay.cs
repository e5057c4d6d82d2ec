// Shows how far long work has come.
namespace Microsoft.ML.VisionTransformer.Cli.Progress;

internal interface IProgressDisplay
{
    /// <summary>Runs the work with the display on.</summary>
    T Show<T>(Func<T> work);

    /// <summary>A step, an epoch, or images whose features were computed.</summary>
    void Training(TrainingMetrics metrics);

    /// <summary>Images done of those there are.</summary>
    void Images(string what, int done, int total);

    /// <summary>A line that stays.</summary>
    void Message(string text);
}
