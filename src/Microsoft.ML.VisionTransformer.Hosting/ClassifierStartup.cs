// Loads a classifier when the host starts, so that a service with a wrong model does not start, and the first request does not wait.
using Microsoft.Extensions.Hosting;

namespace Microsoft.ML.VisionTransformer.Hosting;

internal sealed class ClassifierStartup(Func<object> create) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.Run(create, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
