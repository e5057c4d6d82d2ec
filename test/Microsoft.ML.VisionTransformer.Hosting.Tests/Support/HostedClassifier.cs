// A classifier of a service provider, with what it logs; disposing it disposes the provider.
using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests.Support;

internal sealed class HostedClassifier : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _provider;
    private readonly Recorder _log = new();

    internal HostedClassifier(byte[] model, Action<VisionTransformerClassifierOptions>? configure = null)
    {
        ModelPath = _folder.Write(model);
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(_log));
        services.AddMetrics();
        services.AddVisionTransformer(ModelPath, options =>
        {
            (options.ReloadDelay, options.ReloadPollInterval) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500));
            configure?.Invoke(options);
        });
        services.AddHealthChecks().AddVisionTransformer();
        _provider = services.BuildServiceProvider();
        Classifier = _provider.GetRequiredService<VisionTransformerClassifier>();
    }

    internal string ModelPath { get; }

    internal VisionTransformerClassifier Classifier { get; }

    internal IReadOnlyCollection<string> Log => _log.Lines;

    internal async Task<HealthReportEntry> HealthAsync(CancellationToken cancellation) =>
        (await _provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(cancellation)).Entries["classifier"];

    /// <summary>Starts to classify an image that takes long, and returns when it holds an engine.</summary>
    internal async Task<Task<IReadOnlyList<ClassProbability>>> StartSlowAsync()
    {
        var slow = Classifier.ClassifyAsync(TrainedModels.Slow, CancellationToken.None);
        while (!slow.IsCompleted && !Classifier.HasRequestInProgress)
            await Task.Delay(1);
        return slow;
    }

    public void Dispose()
    {
        _provider.Dispose();
        _folder.Dispose();
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        internal ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
