// The transformer that embeds images, in a pipeline or a PredictionEngine, and can be saved in an ML.NET model file.
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

/// <summary>
/// Adds the features of each image, a vector of Single of known length, for any ML.NET trainer or for a search by
/// similarity.
/// </summary>
/// <remarks>
/// <para>
/// Evaluation is lazy and batched. Each cursor that reads the column runs the network again, so give a trainer that
/// makes several passes a cached view (<c>AppendCacheCheckpoint</c>).
/// </para>
/// <para>
/// The weights are in native memory. Dispose the model, or the chain that contains it, when you no longer need it.
/// Using it afterwards throws an <see cref="ObjectDisposedException"/>.
/// </para>
/// </remarks>
/// <example>
/// This example finds the photo that is most similar to the first one.
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext();
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// using VisionTransformerFeatureTransformer model = mlContext.Transforms.VisionTransformerFeatures(
///     "Features", "ImagePath", new VisionTransformerFeatureOptions
///     {
///         PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
///         Normalize = true,
///     }).Fit(images);
///
/// string[] paths = [.. images.GetColumn<string>("ImagePath")];
/// float[][] features = [.. model.Transform(images).GetColumn<float[]>("Features")];
/// float Similarity(int other) => features[0].Zip(features[other], (a, b) => a * b).Sum();
/// int nearest = Enumerable.Range(1, paths.Length - 1).MaxBy(Similarity);
/// Console.WriteLine($"{Path.GetFileName(paths[nearest])}, cosine similarity {Similarity(nearest):F3}");
/// ]]></code>
/// </example>
public sealed class VisionTransformerFeatureTransformer : ITransformer, IDisposable
{
    internal const string UserName = "Vision Transformer features";
    internal const string LoaderSignature = "VisionTransformerFeat";

    private static readonly ModelFormat _format = new(typeof(VisionTransformerFeatureTransformer), "VIT FEAT", LoaderSignature, 0x00010003);

    private readonly FeatureColumn _column;
    private readonly ScoringNetwork _network;
    private readonly RowScorer _scorer;
    private WeightStorage _storage;

    /// <summary>Takes ownership of the network.</summary>
    internal VisionTransformerFeatureTransformer(FeatureColumn column, ImagePreprocessing preprocessing, ScoringNetwork network)
    {
        _column = column;
        _network = network;
        Preprocessing = preprocessing;
        Dimension = network.Architecture.WidthOf(column.Kind);
        Architecture = column.Kind == FeatureKind.HeadOutput ? network.Architecture : network.Architecture with { Classes = 0 };
        _scorer = RowScorer.Features(network, preprocessing, column);
    }

    /// <summary>
    /// The architecture of the network. It has no classes if the features do not need the head. The head is then
    /// neither saved nor exported.
    /// </summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <inheritdoc cref="VisionTransformerPredictionTransformer.Preprocessing"/>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>What happens if the image of a row cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage => _column.OnInvalidImage;

    /// <inheritdoc cref="VisionTransformerPredictionTransformer.WeightStorage"/>
    public WeightStorage WeightStorage
    {
        get => _storage;
        set => _storage = Guard.Defined(value, nameof(WeightStorage));
    }

    /// <summary>Which features are computed.</summary>
    public FeatureKind Kind => _column.Kind;

    /// <summary>Number of features per image.</summary>
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

    /// <summary>Always true, because the features of each row are computed independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>Returns the columns of the input, followed by the feature column.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the result of <see cref="Transform"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scorer.OutputSchema(inputSchema);

    /// <summary>Computes features lazily: nothing is computed until the column is read, and then in batches.</summary>
    /// <param name="input">The rows. They are read when the result is read.</param>
    /// <returns>The same rows with the feature column.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input) => _scorer.Transform(input);

    /// <summary>Returns a mapper that computes features row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>A mapper that adds the features to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scorer.RowMapper(inputSchema);

    /// <summary>
    /// Writes the network as one ONNX file. Its output <c>embedding</c> has the values of the feature column.
    /// </summary>
    /// <param name="options">
    /// Input, outputs and precision of the file. Default null: normalized images to the embedding, in float32.
    /// </param>
    /// <param name="path">The file. An existing file is replaced only when the new one is complete.</param>
    /// <inheritdoc cref="VisionTransformerPredictionTransformer.SaveAsOnnx"/>
    public void SaveAsOnnx(string path, OnnxExportOptions? options = null) => OnnxNetwork.Write(
        _network,
        Guard.NotBlank(path),
        values => new OnnxModelDescription(Architecture, Preprocessing, values) { Embedding = Kind, NormalizesEmbedding = _column.Normalize },
        options,
        OnnxOutputs.Embedding);

    /// <summary>Frees the weights when the calls in progress have finished.</summary>
    public void Dispose() => _network.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx) => _network.UseWeights(weights =>
    {
        // The network may be shared with a classifier and then also has a head.
        var own = Architecture.State().ToDictionary(row => row.Name, row => weights[row.Name], StringComparer.Ordinal);
        FeatureFile.Write(new ModelWriter(ctx, _format), _column, new(Architecture, Preprocessing, own), _storage);
    });

    /// <summary>Called by ML.NET through the signature in the model file.</summary>
    private static VisionTransformerFeatureTransformer Create(IHostEnvironment environment, ModelLoadContext context) =>
        _format.Load(environment, context, (reader, device) =>
        {
            var (column, preprocessing, weights, storage) = FeatureFile.Read(reader);
            return new VisionTransformerFeatureTransformer(column, preprocessing, new ScoringNetwork(weights, device)) { WeightStorage = storage };
        });
}
