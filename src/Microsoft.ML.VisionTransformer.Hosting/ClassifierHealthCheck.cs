// The health check of a classifier for load balancers: unhealthy while the queue is full, degraded while a changed model file cannot be loaded.
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.ML.VisionTransformer.Hosting;

/// <summary>The model is loaded when the classifier is created, so a check that answers has a model.</summary>
internal sealed class ClassifierHealthCheck(VisionTransformerClassifier classifier) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        classifier.IsQueueFull ? new HealthCheckResult(context.Registration.FailureStatus, "All engines are busy and the queue is full.")
        : classifier.ReloadError is { } error ? HealthCheckResult.Degraded($"The changed model file could not be loaded; the previous model is in use. {error.Message}", error)
        : HealthCheckResult.Healthy());
}
