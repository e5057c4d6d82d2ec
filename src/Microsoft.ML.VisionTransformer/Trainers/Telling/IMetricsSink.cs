// Where the figures of a run go while it runs.
namespace Microsoft.ML.VisionTransformer.Trainers;

internal interface IMetricsSink : IDisposable
{
    /// <summary>Takes the figures of a step; what is null or NaN is not there.</summary>
    /// <param name="step">Number of the epoch, or of the batch; ascending.</param>
    /// <param name="figures">Each under its tag, as <see cref="MetricTags"/> names them.</param>
    /// <exception cref="IOException">The file does not take them; the message names it.</exception>
    void Add(long step, params (string Tag, double? Value)[] figures);
}
