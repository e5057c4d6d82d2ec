// Tells load balancers whether photos are taken: the model is there before the first connection is, so what can be wrong is a full queue.
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace WebService;

internal sealed class ClassifierHealth(Classifier classifier) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(classifier.IsFull ? HealthCheckResult.Unhealthy("All engines are busy, and no more photos may wait.") : HealthCheckResult.Healthy());
}
