// Embeds images in a pipeline, in a PredictionEngine, and saves itself into ML.NET's .zip.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Onnx;
using Microsoft.ML.VisionTransformer.Transformers;

[assembly: LoadableClass(
    typeof(VisionTransformerFeatureTransformer),
    typeof(VisionTransformerFeatureTransformer),
    null,
    typeof(SignatureLoadModel),
    VisionTransformerFeatureTransformer.UserName,
    VisionTransformerFeatureTransformer.LoaderSignature)]

namespace Microsoft.ML.VisionTransformer;

/// <summary>Adds the embedding of each image, a vector of Single of known length, for any trainer of ML.NET.</summary>
/// <remarks>
/// <para>Embedding is lazy and runs in batches; each cursor that reads the column runs the network again, so a trainer with several passes should see a
/// cached view (<c>AppendCacheCheckpoint</c>).</para>
/// <para>The weights are native memory: dispose the model, or the chain that holds it, when it is no longer needed. Using it afterwards throws
/// <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed class VisionTransformerFeatureTransformer : ITransformer, IDisposable
{
    internal const string UserName = "Vision Transformer features";
    internal const string LoaderSignature = "VisionTransformerFeat";

    /// <summary>The newest format, since which entries have today's checksum; packages of the one before do not know it.</summary>
    private const uint CurrentFormat = 0x00010003;


    private readonly FeatureColumn _column;
    private readonly ScoringNetwork _network;
    private readonly RowScorer _scorer;
    private WeightStorage _storage;

    /// <summary>Takes over the network.</summary>
    internal VisionTransformerFeatureTransformer(FeatureColumn column, ImagePreprocessing preprocessing, ScoringNetwork network)
    {
        _column = column;
        _network = network;
        Preprocessing = preprocessing;
        Dimension = network.Architecture.WidthOf(column.Kind);
        Architecture = column.Kind == FeatureKind.HeadOutput ? network.Architecture : network.Architecture with { Classes = 0 };
        _scorer = RowScorer.Features(network, new ImagePreprocessor(preprocessing), column);
    }

    /// <summary>The shape of the network; it has no classes where the embedding does not need the head, which is then not saved or exported either.</summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <summary>How images become the network's input.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>What the embedding of a row is whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage => _column.OnInvalidImage;

    /// <summary>
    /// What <c>mlContext.Model.Save</c> writes the weights as. Default <see cref="WeightStorage.Float32"/>; a loaded model has what its file has. It changes files
    /// alone: this model goes on with the weights it has.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the enumeration.</exception>
    public WeightStorage WeightStorage
    {
        get => _storage;
        set => _storage = Guard.Defined(value, nameof(WeightStorage));
    }

    /// <summary>Which embedding is made.</summary>
    public FeatureKind Kind => _column.Kind;

    /// <summary>Numbers of an embedding.</summary>
    public int Dimension { get; }

    /// <summary>
    /// How many images <see cref="Transform"/> embeds at a time: more of them need more memory, and on a GPU take less time. Default 16 on a processor, 64 on a GPU. It changes no
    /// number beyond rounding, and is not part of the saved model.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1, or no array holds the images of so large a batch.</exception>
    public int ScoringBatchSize
    {
        get => _scorer.BatchSize;
        set => _scorer.BatchSize = value;
    }

    /// <summary>
    /// Pairs of tokens that each block merges into one while embedding: token merging (arXiv:2210.09461), which makes it faster and less exact; docs/performance.md has
    /// figures. 8 to 16 suit 197 tokens and 12 blocks. Default 0: none. It is not part of the saved model, and neither explanations nor exported files know of it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="NotSupportedException">
    /// The network is scored by libtorch: the processor has no AVX2, or the network has rotary positions or widths that are no multiple of 16; or
    /// <see cref="ScoringPrecision"/> is not float32.
    /// </exception>
    public int MergedTokensPerBlock
    {
        get => _network.MergedTokens;
        set => _network.MergedTokens = value;
    }

    /// <summary>
    /// The numbers that embedding computes with. Default <see cref="ScoringPrecision.Float32"/>. <see cref="ScoringPrecision.BFloat16"/> is faster and less exact, and keeps
    /// weights of half the size beside the others until the model is disposed. It is not part of the saved model, and neither explanations nor saved or exported files
    /// know of it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the enumeration.</exception>
    /// <exception cref="NotSupportedException">The processor has neither AVX512_BF16 nor AMX; or <see cref="MergedTokensPerBlock"/> is not 0.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public ScoringPrecision ScoringPrecision
    {
        get => _network.Precision;
        set => _network.Precision = value;
    }

    /// <summary>True: each row is embedded by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, then the embedding.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of <see cref="Transform"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        FindImages(inputSchema);
        return _column.AddTo(inputSchema, Dimension);
    }

    /// <summary>Embeds lazily: nothing is computed until the column is read, and then in batches.</summary>
    /// <param name="input">The rows; they are read when the result is.</param>
    /// <returns>The same rows with their embedding.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input)
    {
        Guard.NotNull(input);
        _network.ThrowIfDisposed();
        var images = FindImages(input.Schema);
        return new BatchScoringView(input, _column.AddTo(input.Schema, Dimension), _scorer, images);
    }

    /// <summary>Embeds row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>What adds the embedding to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        _network.ThrowIfDisposed();
        var images = FindImages(inputSchema);
        return new ScoringRowMapper(inputSchema, _column.AddTo(inputSchema, Dimension), _scorer, images);
    }

    /// <summary>Writes the network as one ONNX file whose output <c>embedding</c> is what the column has.</summary>
    /// <inheritdoc cref="VisionTransformerPredictionTransformer.SaveAsOnnx"/>
    public void SaveAsOnnx(string path, OnnxExportOptions? options = null) => OnnxNetwork.Write(
        _network,
        Guard.NotBlank(path),
        values => new OnnxModelDescription(Architecture, Preprocessing, values) { Embedding = Kind, NormalizesEmbedding = _column.Normalize },
        options,
        OnnxOutputs.Embedding);

    /// <summary>Frees the weights, as soon as work that runs now has finished.</summary>
    public void Dispose() => _network.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx) => _network.UseWeights(weights =>
    {
        var own = Architecture.State().ToDictionary(row => row.Name, row => weights[row.Name], StringComparer.Ordinal);    // a classifier's network has a head, too
        FeatureFile.Write(new ModelWriter(ctx, Version), _column, new(Architecture, Preprocessing, own), _storage);
    });

    /// <summary>Called by ML.NET, by the signature in the model file.</summary>
    private static VisionTransformerFeatureTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        var reader = new ModelReader(context, Version, CurrentFormat);
        var device = TorchRuntime.Device("auto", environment);
        using var state = TorchState.EnterOrdinary();
        var (column, preprocessing, network, storage) = FeatureFile.Read(reader);
        return new VisionTransformerFeatureTransformer(column, preprocessing, new ScoringNetwork(network, device)) { WeightStorage = storage };
    }

    private static VersionInfo Version => new(
        modelSignature: "VIT FEAT",
        verWrittenCur: CurrentFormat,
        verReadableCur: CurrentFormat,
        verWeCanReadBack: 0x00010001,
        loaderAssemblyName: typeof(VisionTransformerFeatureTransformer).Assembly.FullName,
        loaderSignature: LoaderSignature);

    private ImageColumn FindImages(DataViewSchema schema) => ImageColumn.Of(Guard.NotNull(schema), _column.Image, Preprocessing);
}
