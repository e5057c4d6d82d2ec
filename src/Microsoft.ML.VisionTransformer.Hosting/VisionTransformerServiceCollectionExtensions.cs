// What a host writes: one line for a classifier, for image embeddings, and for the health check.
using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.ML.VisionTransformer.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Vision Transformers to the services of a host.</summary>
/// <remarks>
/// A host loads its classifiers when it starts. Without a host, a classifier loads its model when it is first requested
/// from the service provider. See the example of <see cref="VisionTransformerClassifier"/>.
/// </remarks>
public static class VisionTransformerServiceCollectionExtensions
{
    private const string DefaultName = "default";

    /// <summary>Adds a <see cref="VisionTransformerClassifier"/> as a singleton.</summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A model <c>.zip</c>, or a public checkpoint: its file, its folder, or a hub id.</param>
    /// <param name="configure">Sets further options. Default null: none.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddVisionTransformer(
        this IServiceCollection services, string model, Action<VisionTransformerClassifierOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        return services.AddVisionTransformer(With(model, configure));
    }

    /// <summary>Adds a <see cref="VisionTransformerClassifier"/> as a singleton.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">
    /// Sets the options, at least <see cref="VisionTransformerModelOptions.Model"/> or
    /// <see cref="VisionTransformerModelOptions.Load"/>.
    /// </param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddVisionTransformer(this IServiceCollection services, Action<VisionTransformerClassifierOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<VisionTransformerClassifierOptions>, ClassifierOptionsValidation>());
        services.TryAddSingleton(provider => CreateClassifier(provider, Options.Options.DefaultName));
        return services.AddSingleton<IHostedService>(provider => new ClassifierStartup(provider.GetRequiredService<VisionTransformerClassifier>));
    }

    /// <summary>
    /// Adds a <see cref="VisionTransformerClassifier"/> as a keyed singleton. Use it for several models in one host.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key of the service. It is also the name of its options and of its metrics.</param>
    /// <param name="model">A model <c>.zip</c>, or a public checkpoint: its file, its folder, or a hub id.</param>
    /// <param name="configure">Sets further options. Default null: none.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddKeyedVisionTransformer(
        this IServiceCollection services, string serviceKey, string model, Action<VisionTransformerClassifierOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        return services.AddKeyedVisionTransformer(serviceKey, With(model, configure));
    }

    /// <summary>
    /// Adds a <see cref="VisionTransformerClassifier"/> as a keyed singleton. Use it for several models in one host.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key of the service. It is also the name of its options and of its metrics.</param>
    /// <param name="configure">
    /// Sets the options, at least <see cref="VisionTransformerModelOptions.Model"/> or
    /// <see cref="VisionTransformerModelOptions.Load"/>.
    /// </param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddKeyedVisionTransformer(
        this IServiceCollection services, string serviceKey, Action<VisionTransformerClassifierOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(serviceKey, configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<VisionTransformerClassifierOptions>, ClassifierOptionsValidation>());
        services.TryAddKeyedSingleton(serviceKey, (provider, _) => CreateClassifier(provider, serviceKey));
        return services.AddSingleton<IHostedService>(provider => new ClassifierStartup(() => provider.GetRequiredKeyedService<VisionTransformerClassifier>(serviceKey)));
    }

    /// <summary>
    /// Adds an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> of images as a singleton, for image search with
    /// Microsoft.Extensions.VectorData.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="model">
    /// A saved feature transformer or classifier (<c>.zip</c>), or a public checkpoint: its file, its folder, or a hub id.
    /// </param>
    /// <param name="configure">Sets further options. Default null: none.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// The model is loaded when the generator is first requested, and is not reloaded: vectors of different models cannot
    /// be compared.
    /// </remarks>
    /// <example>
    /// This example prints how similar two photos are.
    /// <code><![CDATA[
    /// using System.Numerics.Tensors;
    /// using Microsoft.Extensions.AI;
    /// using Microsoft.Extensions.DependencyInjection;
    ///
    /// var services = new ServiceCollection();
    /// services.AddVisionTransformerEmbeddings("timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k");
    /// await using var provider = services.BuildServiceProvider();
    ///
    /// var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
    /// var photos = new[] { "rose.jpg", "tulip.jpg" }.Select(path => new DataContent(File.ReadAllBytes(path), "image/jpeg"));
    /// var embeddings = await generator.GenerateAsync(photos);
    /// Console.WriteLine(TensorPrimitives.Dot(embeddings[0].Vector.Span, embeddings[1].Vector.Span));
    /// ]]></code>
    /// </example>
    public static IServiceCollection AddVisionTransformerEmbeddings(
        this IServiceCollection services, string model, Action<VisionTransformerEmbeddingOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        return services.AddVisionTransformerEmbeddings(With(model, configure));
    }

    /// <summary>
    /// Adds an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> of images as a singleton, as the method with a model
    /// does.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">
    /// Sets the options, at least <see cref="VisionTransformerModelOptions.Model"/> or
    /// <see cref="VisionTransformerModelOptions.Load"/>.
    /// </param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddVisionTransformerEmbeddings(this IServiceCollection services, Action<VisionTransformerEmbeddingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<VisionTransformerEmbeddingOptions>, EmbeddingOptionsValidation>());
        services.TryAddSingleton<IEmbeddingGenerator<DataContent, Embedding<float>>>(provider => CreateGenerator(provider, Options.Options.DefaultName));
        return services;
    }

    /// <summary>As the method without a key, for several models in one host.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key of the service. It is also the name of its options and of its metrics.</param>
    /// <param name="model">
    /// A saved feature transformer or classifier (<c>.zip</c>), or a public checkpoint: its file, its folder, or a hub id.
    /// </param>
    /// <param name="configure">Sets further options. Default null: none.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddKeyedVisionTransformerEmbeddings(
        this IServiceCollection services, string serviceKey, string model, Action<VisionTransformerEmbeddingOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        return services.AddKeyedVisionTransformerEmbeddings(serviceKey, With(model, configure));
    }

    /// <summary>
    /// Adds an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> of images as a keyed singleton, for several models in
    /// one host.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key of the service. It is also the name of its options and of its metrics.</param>
    /// <param name="configure">
    /// Sets the options, at least <see cref="VisionTransformerModelOptions.Model"/> or
    /// <see cref="VisionTransformerModelOptions.Load"/>.
    /// </param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddKeyedVisionTransformerEmbeddings(
        this IServiceCollection services, string serviceKey, Action<VisionTransformerEmbeddingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(serviceKey, configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<VisionTransformerEmbeddingOptions>, EmbeddingOptionsValidation>());
        services.TryAddKeyedSingleton<IEmbeddingGenerator<DataContent, Embedding<float>>>(serviceKey, (provider, _) => CreateGenerator(provider, serviceKey));
        return services;
    }

    /// <summary>
    /// Adds the health check of a classifier. It has the failure status while the queue is full, and is degraded while a
    /// changed model file cannot be loaded.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="serviceKey">The key of a keyed classifier. Default null: the classifier without a key.</param>
    /// <param name="name">The name of the check. Default null: <c>classifier</c>, or the key.</param>
    /// <param name="failureStatus">The status while the queue is full. Default null: unhealthy.</param>
    /// <param name="tags">Tags to filter checks by. Default null: none.</param>
    /// <returns>The same health checks.</returns>
    public static IHealthChecksBuilder AddVisionTransformer(
        this IHealthChecksBuilder builder, string? serviceKey = null, string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name ?? serviceKey ?? "classifier",
            provider => new ClassifierHealthCheck(serviceKey is null
                ? provider.GetRequiredService<VisionTransformerClassifier>()
                : provider.GetRequiredKeyedService<VisionTransformerClassifier>(serviceKey)),
            failureStatus,
            tags));
    }

    private static Action<T> With<T>(string model, Action<T>? configure)
        where T : VisionTransformerModelOptions => options =>
        {
            options.Model = model;
            configure?.Invoke(options);
        };

    private static VisionTransformerClassifier CreateClassifier(IServiceProvider provider, string name) => new(
        provider.GetRequiredService<IOptionsMonitor<VisionTransformerClassifierOptions>>().Get(name),
        name.Length == 0 ? DefaultName : name,
        provider.GetService<ILoggerFactory>()?.CreateLogger<VisionTransformerClassifier>() ?? NullLogger<VisionTransformerClassifier>.Instance,
        provider.GetService<IMeterFactory>());

    private static VisionTransformerEmbeddingGenerator CreateGenerator(IServiceProvider provider, string name) => new(
        provider.GetRequiredService<IOptionsMonitor<VisionTransformerEmbeddingOptions>>().Get(name),
        name.Length == 0 ? DefaultName : name,
        provider.GetService<IMeterFactory>());
}
