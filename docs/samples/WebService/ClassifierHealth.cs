// The health check for load balancers: unhealthy while the queue is full. The model is loaded before the first connection is accepted.
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace WebService;

internal sealed class ClassifierHealth(Turns turns) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(turns.IsFull ? HealthCheckResult.Unhealthy("All engines are busy and the queue is full.") : HealthCheckResult.Healthy());
}
