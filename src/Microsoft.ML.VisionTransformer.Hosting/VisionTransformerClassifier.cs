// The classifier of a host: classifies and explains images on many threads, within limits, with a model that can be replaced.
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.ML.VisionTransformer.Hosting.Models;
using Microsoft.ML.VisionTransformer.Hosting.Requests;

namespace Microsoft.ML.VisionTransformer.Hosting;

/// <summary>
/// Classifies images for a service. It is thread-safe, and a singleton of the host that
/// <see cref="Microsoft.Extensions.DependencyInjection.VisionTransformerServiceCollectionExtensions"/> registers.
/// </summary>
/// <remarks>
/// <para>
/// One set of weights serves all requests. As many requests run at the same time as there are
/// <see cref="VisionTransformerModelOptions.Engines"/>; others wait in the order of arrival, up to
/// <see cref="VisionTransformerModelOptions.QueueLimit"/>. Each runs on a thread of the thread pool, so the caller is not
/// blocked.
/// </para>
/// <para>
/// A canceled request leaves the queue. A pass of the network that has started runs to its end, which takes
/// milliseconds.
/// </para>
/// <para>
/// If the model file changes, it is loaded while the service runs. A file that cannot be loaded changes nothing: the
/// service logs an error, and its health check is degraded.
/// </para>
/// </remarks>
/// <example>
/// <code><![CDATA[
/// using Microsoft.Extensions.DependencyInjection;
/// using Microsoft.ML.VisionTransformer.Hosting;
///
/// var services = new ServiceCollection();
/// services.AddLogging();
/// services.AddVisionTransformer("flowers.zip", options => options.QueueLimit = 32);
/// await using var provider = services.BuildServiceProvider();
///
/// var classifier = provider.GetRequiredService<VisionTransformerClassifier>();
/// try
/// {
///     foreach (ClassProbability c in (await classifier.ClassifyAsync("rose.jpg")).Take(3))
///         Console.WriteLine($"{c.Name}: {c.Probability:P1}");
/// }
/// catch (ImageRejectedException e) when (e.Reason == ImageRejection.Unreadable)
/// {
///     Console.WriteLine(e.Message);
/// }
/// catch (ServingBusyException e)
/// {
///     Console.WriteLine($"Try again: {e.Message}");
/// }
/// ]]></code>
/// </example>
public sealed partial class VisionTransformerClassifier : IDisposable
{
    private const string WithoutLibtorch =
        "Explanations need libtorch, and this service runs without it. Reference libtorch-cpu-linux-x64, libtorch-cpu-win-x64 or libtorch-cpu-osx-arm64 in its project.";

    private readonly VisionTransformerClassifierOptions _options;
    private readonly ILogger _log;
    private readonly ImageReader _reader;
    private readonly Turns _turns;
    private readonly ServingMetrics _metrics;
    private readonly ModelFileWatcher? _watcher;
    private readonly object _lock = new();
    private volatile ServedModel _model;
    private volatile Exception? _reloadError;
    private bool _disposed;
    private int _saidThatLibtorchIsMissing;

    /// <summary>Loads the model.</summary>
    internal VisionTransformerClassifier(VisionTransformerClassifierOptions options, string name, ILogger log, IMeterFactory? meters)
    {
        (_options, _log) = (options, log);
        _reader = new ImageReader(options);
        bool watch = options is { ReloadOnChange: true, Model: { } path } && File.Exists(path);
        var stamp = watch ? ModelFileWatcher.Stamp.Of(options.Model!) : default;
        _model = ServedModel.Load(options);
        _turns = new Turns(options);
        _metrics = new ServingMetrics(meters, name, "classifier", () => _turns.Waiting);
        if (watch)
            _watcher = new ModelFileWatcher(options.Model!, stamp, options.ReloadDelay, options.ReloadPollInterval, Reload);
    }

    /// <summary>The class names, in the order of the indexes in <see cref="ClassProbability.Index"/>.</summary>
    public IReadOnlyList<string> ClassNames => _model.Transformer.ClassNames;

    /// <summary>Whether the next request would fail with <see cref="ServingBusyException"/>.</summary>
    public bool IsQueueFull => _turns.IsFull;

    /// <summary>
    /// Why the changed model file could not be loaded. The model that was loaded before is still used. Null if the file was
    /// loaded.
    /// </summary>
    public Exception? ReloadError => _reloadError;

    /// <summary>Whether a request is scored now.</summary>
    internal bool HasRequestInProgress => _model.IsInUse;

    /// <summary>
    /// Rejects an image by its announced length, such as the <c>Content-Length</c> of a request, before any of it is read.
    /// </summary>
    /// <param name="bytes">The announced length in bytes. Null passes: the length is then checked while the image is read.</param>
    /// <exception cref="ImageRejectedException">The image has more bytes than the options allow.</exception>
    public void CheckLength(long? bytes) => _reader.CheckLength(bytes);

    /// <summary>Classifies an image.</summary>
    /// <param name="image">The contents of an image file.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>All classes with their probabilities, most probable first. The probabilities sum to 1.</returns>
    /// <exception cref="ImageRejectedException">The image is too large or cannot be read.</exception>
    /// <exception cref="ServingBusyException">Too many requests are waiting.</exception>
    /// <exception cref="OperationCanceledException">The request was canceled.</exception>
    /// <exception cref="ObjectDisposedException">The classifier was disposed.</exception>
    public Task<IReadOnlyList<ClassProbability>> ClassifyAsync(byte[] image, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        return _metrics.RecordAsync("classify", () => ClassifyCoreAsync(image, cancellationToken));
    }

    /// <param name="image">The contents of an image file. The stream is read to its end and is not closed.</param>
    /// <param name="cancellationToken">Cancels the reading and the wait.</param>
    /// <inheritdoc cref="ClassifyAsync(byte[], CancellationToken)"/>
    public Task<IReadOnlyList<ClassProbability>> ClassifyAsync(Stream image, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        return _metrics.RecordAsync("classify", async () =>
        {
            using var read = await _reader.ReadAsync(image, cancellationToken).ConfigureAwait(false);
            return await ClassifyCoreAsync(read.Bytes, cancellationToken).ConfigureAwait(false);
        });
    }

    /// <param name="path">An image file.</param>
    /// <param name="cancellationToken">Cancels the reading and the wait.</param>
    /// <inheritdoc cref="ClassifyAsync(byte[], CancellationToken)"/>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path is a folder, or the process may not read the file.</exception>
    public Task<IReadOnlyList<ClassProbability>> ClassifyAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return _metrics.RecordAsync("classify", async () =>
        {
            using var read = await _reader.ReadAsync(path, cancellationToken).ConfigureAwait(false);
            return await ClassifyCoreAsync(read.Bytes, cancellationToken).ConfigureAwait(false);
        });
    }

    /// <summary>Explains why the model gives an image a high or low probability for a class.</summary>
    /// <param name="image">The contents of an image file.</param>
    /// <param name="options">The class and the method. Default null: the predicted class.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The map and the class that it explains.</returns>
    /// <remarks>
    /// Explanations need libtorch, also on a CPU. They run one at a time, because they take more memory and time than a
    /// classification.
    /// </remarks>
    /// <exception cref="ArgumentException">The model has no such class.</exception>
    /// <exception cref="NotSupportedException">The network cannot be explained, or libtorch is missing.</exception>
    /// <inheritdoc cref="ClassifyAsync(byte[], CancellationToken)"/>
    public Task<AttentionExplanation> ExplainAsync(byte[] image, ExplanationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        return _metrics.RecordAsync("explain", () => ExplainCoreAsync(image, options, cancellationToken));
    }

    /// <param name="image">The contents of an image file. The stream is read to its end and is not closed.</param>
    /// <param name="options">The class and the method. Default null: the predicted class.</param>
    /// <param name="cancellationToken">Cancels the reading and the wait.</param>
    /// <inheritdoc cref="ExplainAsync(byte[], ExplanationOptions?, CancellationToken)"/>
    public Task<AttentionExplanation> ExplainAsync(Stream image, ExplanationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        return _metrics.RecordAsync("explain", async () =>
        {
            using var read = await _reader.ReadAsync(image, cancellationToken).ConfigureAwait(false);
            return await ExplainCoreAsync(read.Bytes, options, cancellationToken).ConfigureAwait(false);
        });
    }

    /// <summary>Takes no further requests. The weights are freed when the requests in progress have ended.</summary>
    public void Dispose()
    {
        // The watcher first: a reload in progress holds its lock until the new model is in use.
        _watcher?.Dispose();
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _model.Dispose();
        _turns.Dispose();
        _metrics.Dispose();
    }

    private async Task<IReadOnlyList<ClassProbability>> ClassifyCoreAsync(byte[] image, CancellationToken cancellation)
    {
        using var turn = await WaitAsync(image, _turns.WaitAsync, cancellation).ConfigureAwait(false);
        return await RunAsync(model => Rank(model.Transformer.ClassNames, model.Score(image)), cancellation).ConfigureAwait(false);
    }

    private async Task<AttentionExplanation> ExplainCoreAsync(byte[] image, ExplanationOptions? options, CancellationToken cancellation)
    {
        using var turn = await WaitAsync(image, _turns.WaitToExplainAsync, cancellation).ConfigureAwait(false);
        return await RunAsync(model => Explain(model, image, options), cancellation).ConfigureAwait(false);
    }

    /// <summary>Checks the image before it waits.</summary>
    private Task<IDisposable> WaitAsync(byte[] image, Func<long, CancellationToken, Task<IDisposable>> wait, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return wait(_reader.CountPixels(image), cancellation);
    }

    private Task<T> RunAsync<T>(Func<ServedModel, T> work, CancellationToken cancellation) => Task.Run(
        () =>
        {
            var model = UseModel();
            try
            {
                return work(model);
            }
            catch (InvalidImageException e)
            {
                throw ImageReader.Unreadable(e);
            }
            finally
            {
                model.Release();
            }
        },
        cancellation);

    /// <summary>The current model; the one that it was a moment ago may be retired.</summary>
    private ServedModel UseModel()
    {
        while (true)
        {
            var model = _model;
            if (model.TryUse())
                return model;
            ObjectDisposedException.ThrowIf(_disposed, this);
        }
    }

    private AttentionExplanation Explain(ServedModel model, byte[] image, ExplanationOptions? options)
    {
        try
        {
            LibtorchThreads.LimitIfLoaded(_options.LibtorchThreads);
            return model.Transformer.Explain(image, options);
        }
        catch (Exception e) when (IsNativeLibraryMissing(e) || (e is InvalidOperationException && e.InnerException is { } cause && IsNativeLibraryMissing(cause)))
        {
            // Once is enough. The cause is for the log, because it can name paths of this machine.
            if (Interlocked.Exchange(ref _saidThatLibtorchIsMissing, 1) == 0)
                LogLibtorchMissing(_log, e.GetBaseException().Message.Split('\n')[0]);
            throw new NotSupportedException(WithoutLibtorch, e);
        }
    }

    private static bool IsNativeLibraryMissing(Exception e) => e is DllNotFoundException or TypeInitializationException or BadImageFormatException;

    private static ClassProbability[] Rank(IReadOnlyList<string> names, float[] scores)
    {
        // A model can be trained to give missing values for images that it cannot read.
        if (Array.Exists(scores, float.IsNaN))
            throw new ImageRejectedException(ImageRejection.Unreadable, "The photo cannot be read: it is damaged, incomplete, or not an image. Choose another photo.");
        return [.. names.Select((name, index) => new ClassProbability(name, scores[index], index)).OrderByDescending(c => c.Probability)];
    }

    /// <summary>Loads the changed file. Returns false if it could not be read, so that another attempt may succeed.</summary>
    private bool Reload()
    {
        ServedModel next;
        try
        {
            next = ServedModel.Load(_options);
        }
        catch (Exception e)
        {
            // Whatever is wrong with the file, the model in memory still works.
            _reloadError = e;
            _metrics.Reloaded(e);
            LogReloadFailed(_log, e, _options.Model!);
            return e is not (IOException or UnauthorizedAccessException or OutOfMemoryException);
        }

        lock (_lock)
        {
            if (_disposed)
            {
                next.Dispose();
                return true;
            }

            var old = _model;
            _model = next;
            old.Dispose();
        }

        _reloadError = null;
        _metrics.Reloaded(null);
        LogReloaded(_log, _options.Model!);
        return true;
    }

    [LoggerMessage(1, LogLevel.Information, "Loaded the changed model file {Path}.")]
    private static partial void LogReloaded(ILogger log, string path);

    [LoggerMessage(2, LogLevel.Error, "The changed model file {Path} could not be loaded; the model that was loaded before is still in use.")]
    private static partial void LogReloadFailed(ILogger log, Exception error, string path);

    [LoggerMessage(3, LogLevel.Warning, "Explanations are not available, because libtorch is missing. Classification on a CPU does not need it. Cause: {Cause}")]
    private static partial void LogLibtorchMissing(ILogger log, string cause);
}

/// <summary>A class with its probability. See the example of <see cref="VisionTransformerClassifier"/>.</summary>
/// <param name="Name">The name of the class. Several classes can have the same name.</param>
/// <param name="Probability">The probability, in [0, 1].</param>
/// <param name="Index">The index in <see cref="VisionTransformerClassifier.ClassNames"/>.</param>
public sealed record ClassProbability(string Name, float Probability, int Index);
