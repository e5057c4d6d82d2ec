// The options of a served model: which model, how many requests at the same time, and limits that bound the memory.
namespace Microsoft.ML.VisionTransformer.Hosting;

/// <summary>
/// The options that classifiers and embedding generators share. Together, the limits bound the memory of a service.
/// They can be bound to a configuration section. See the example of <see cref="VisionTransformerClassifier"/>.
/// </summary>
public abstract class VisionTransformerModelOptions
{
    private protected VisionTransformerModelOptions()
    {
    }

    /// <summary>
    /// A model <c>.zip</c>, or a public checkpoint: its file, its folder, or a hub id such as
    /// <c>timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k</c>. Default null: <see cref="Load"/> gives the model.
    /// </summary>
    public string? Model { get; set; }

    /// <summary>
    /// Makes the model, instead of <see cref="Model"/>. The result is disposed with the service. Default null.
    /// </summary>
    public Func<MLContext, ITransformer>? Load { get; set; }

    /// <summary>
    /// The image column of the model. It gets the bytes of an image file, whatever type it had in training. Default
    /// null: the column is found in the model file.
    /// </summary>
    public string? ImageColumn { get; set; }

    /// <summary>
    /// The number format of scoring. <see cref="VisionTransformer.ScoringPrecision.Int8"/> is faster and less exact. Default
    /// null: <see cref="VisionTransformer.ScoringPrecision.Float32"/>, or what <see cref="Load"/> has set.
    /// </summary>
    public ScoringPrecision? ScoringPrecision { get; set; }

    /// <summary>
    /// Number of requests that run at the same time, at least 1. Default: the number of processors. Fewer engines answer
    /// a single request sooner; more answer more requests per second.
    /// </summary>
    public int Engines { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// Number of requests that may wait for an engine, at least 0. Beyond it, requests fail with
    /// <see cref="ServingBusyException"/>. Default 128.
    /// </summary>
    public int QueueLimit { get; set; } = 128;

    /// <summary>The largest image file in bytes, at least 1. Default 10,000,000.</summary>
    public long MaxImageBytes { get; set; } = 10_000_000;

    /// <summary>
    /// How many bytes of image files may be in memory at the same time, whether their requests run or wait. Only bytes
    /// that the service itself reads count, from streams and paths. Beyond it, requests fail with
    /// <see cref="ServingBusyException"/>. At least <see cref="MaxImageBytes"/>. Default 200,000,000.
    /// </summary>
    public long MaxImageBytesInMemory { get; set; } = 200_000_000;

    /// <summary>
    /// The largest number of pixels that the header of an image may declare, at least 1. It is checked before the image
    /// is decoded. Default 50,000,000.
    /// </summary>
    public long MaxPixels { get; set; } = 50_000_000;

    /// <summary>
    /// How many million pixels the images in progress may have together, at least 1. Further requests wait. An image with
    /// more pixels than this is processed alone. Default 60.
    /// </summary>
    public int MegapixelsAtOnce { get; set; } = 60;
}

/// <summary>
/// The options of a served classifier. See the example of <see cref="VisionTransformerClassifier"/>.
/// </summary>
public sealed class VisionTransformerClassifierOptions : VisionTransformerModelOptions
{
    /// <summary>
    /// Whether a changed model file is loaded while the service runs. It applies if <see cref="VisionTransformerModelOptions.Model"/>
    /// is a file; folders and hub ids are read once. Default true.
    /// </summary>
    public bool ReloadOnChange { get; set; } = true;

    /// <summary>
    /// How long a changed model file must stay unchanged before it is loaded, above zero. Default one second.
    /// </summary>
    public TimeSpan ReloadDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often the file is checked in addition to the notifications of the operating system, above zero. Network folders and
    /// mounted volumes often send none. Default ten seconds.
    /// </summary>
    public TimeSpan ReloadPollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether each engine scores one generated image before the first request, so that the first requests are as fast as later ones.
    /// Default true.
    /// </summary>
    public bool WarmUp { get; set; } = true;

    /// <summary>
    /// Number of libtorch threads per engine, at least 1. Default null: the number of processors divided by
    /// <see cref="VisionTransformerModelOptions.Engines"/>. Models that run in vector code do not use libtorch; it then
    /// applies to explanations only.
    /// </summary>
    public int? ThreadsPerEngine { get; set; }

    internal int LibtorchThreads => ThreadsPerEngine ?? Math.Max(1, Environment.ProcessorCount / Math.Max(1, Engines));
}

/// <summary>
/// The options of an embedding generator. See the example of
/// <see cref="Microsoft.Extensions.DependencyInjection.VisionTransformerServiceCollectionExtensions.AddVisionTransformerEmbeddings(Microsoft.Extensions.DependencyInjection.IServiceCollection, string, System.Action{VisionTransformerEmbeddingOptions}?)"/>.
/// </summary>
public sealed class VisionTransformerEmbeddingOptions : VisionTransformerModelOptions
{
    /// <summary>
    /// Which features of the network are the embedding. Default <see cref="FeatureKind.Pooled"/>. It does not apply to a
    /// saved feature transformer, whose file says which.
    /// </summary>
    public FeatureKind Kind { get; set; }

    /// <summary>
    /// Whether each embedding has length 1, so that the dot product is the cosine similarity. Default true. It does not
    /// apply to a saved feature transformer, whose file says so.
    /// </summary>
    public bool Normalize { get; set; } = true;

    /// <summary>
    /// Number of images per pass of the network, at least 1. Default null: 16 on a CPU and 64 on a GPU.
    /// </summary>
    public int? BatchSize { get; set; }
}
