// Shows messages and no progress.
namespace Microsoft.ML.VisionTransformer.Cli.Progress;

internal sealed class SilentProgress(TextWriter error) : IProgressDisplay
{
    public T Show<T>(Func<T> work) => work();

    public void Training(TrainingMetrics metrics)
    {
    }

    public void Images(string what, int done, int total)
    {
    }

    public void Message(string text) => error.WriteLine(text);
}
