// Embeds images in a pipeline, in a PredictionEngine, and saves itself into ML.NET's .zip.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Onnx.Export;
using Microsoft.ML.VisionTransformer.Scoring;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Scoring.Rows;

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

    private static readonly ModelFormat _format = new(typeof(VisionTransformerFeatureTransformer), "VIT FEAT", LoaderSignature, 0x00010003);

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
        _scorer = RowScorer.Features(network, preprocessing, column);
    }

    /// <summary>The shape of the network; it has no classes where the embedding does not need the head, which is then not saved or exported either.</summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <inheritdoc cref="VisionTransformerPredictionTransformer.Preprocessing"/>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>What the embedding of a row is whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage => _column.OnInvalidImage;

    /// <inheritdoc cref="VisionTransformerPredictionTransformer.WeightStorage"/>
    public WeightStorage WeightStorage
    {
        get => _storage;
        set => _storage = Guard.Defined(value, nameof(WeightStorage));
    }

    /// <summary>Which embedding is made.</summary>
    public FeatureKind Kind => _column.Kind;

    /// <summary>Numbers of an embedding.</summary>
    public int Dimension { get; }

    /// <inheritdoc cref="VisionTransformerPredictionTransformer.ScoringBatchSize"/>
    public int ScoringBatchSize
    {
        get => _scorer.BatchSize;
        set => _scorer.BatchSize = value;
    }

    /// <inheritdoc cref="VisionTransformerPredictionTransformer.MergedTokensPerBlock"/>
    public int MergedTokensPerBlock
    {
        get => _network.MergedTokens;
        set => _network.MergedTokens = value;
    }

    /// <inheritdoc cref="VisionTransformerPredictionTransformer.ScoringPrecision"/>
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
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scorer.OutputSchema(inputSchema);

    /// <summary>Embeds lazily: nothing is computed until the column is read, and then in batches.</summary>
    /// <param name="input">The rows; they are read when the result is.</param>
    /// <returns>The same rows with their embedding.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input) => _scorer.Transform(input);

    /// <summary>Embeds row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>What adds the embedding to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scorer.RowMapper(inputSchema);

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
        FeatureFile.Write(new ModelWriter(ctx, _format), _column, new(Architecture, Preprocessing, own), _storage);
    });

    /// <summary>Called by ML.NET, by the signature in the model file.</summary>
    private static VisionTransformerFeatureTransformer Create(IHostEnvironment environment, ModelLoadContext context) => _format.Load(environment, context, (reader, device) =>
    {
        var (column, preprocessing, network, storage) = FeatureFile.Read(reader);
        return new VisionTransformerFeatureTransformer(column, preprocessing, new ScoringNetwork(network, device)) { WeightStorage = storage };
    });
}
