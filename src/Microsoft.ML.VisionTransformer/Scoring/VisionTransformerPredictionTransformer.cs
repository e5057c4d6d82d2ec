// The trained model: scores images in a pipeline, in a PredictionEngine, and saves itself into ML.NET's .zip.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Onnx.Export;
using Microsoft.ML.VisionTransformer.Scoring;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Scoring.Rows;

[assembly: LoadableClass(
    typeof(VisionTransformerPredictionTransformer),
    typeof(VisionTransformerPredictionTransformer),
    null,
    typeof(SignatureLoadModel),
    VisionTransformerPredictionTransformer.UserName,
    VisionTransformerPredictionTransformer.LoaderSignature)]

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// A trained Vision Transformer. It adds <c>PredictedLabel</c> (key of the most probable class) and <c>Score</c> (probabilities, one slot a
/// class, that sum to 1).
/// </summary>
/// <remarks>
/// <para>Scoring is lazy and runs in batches; a <c>PredictionEngine</c> scores row by row with the same numbers up to rounding (1e-5). Several
/// threads may use one model at once; they share its weights.</para>
/// <para>The weights are native memory: dispose the model, or the chain that holds it, when it is no longer needed. Using it afterwards throws
/// <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed class VisionTransformerPredictionTransformer : ITransformer, IDisposable
{
    internal const string UserName = "Vision Transformer";
    internal const string LoaderSignature = "VisionTransformerPred";

    private const string ExplainedImage = "the image to explain";

    private static readonly ModelFormat _format = new(typeof(VisionTransformerPredictionTransformer), "VIT CLSF", LoaderSignature, 0x00010005);

    private readonly ModelDescription _model;
    private readonly ScoringNetwork _network;
    private readonly RowScorer _scorer;
    private WeightStorage _storage;

    /// <summary>Takes over the network.</summary>
    internal VisionTransformerPredictionTransformer(ModelDescription model, ScoringNetwork network)
    {
        _model = model;
        _network = network;
        _scorer = RowScorer.Classes(network, model);
        ClassNames = model.Labels.Names;
    }

    /// <summary>The shape of the network.</summary>
    public VisionTransformerArchitecture Architecture => _model.Architecture;

    /// <summary>How images become the network's input.</summary>
    public ImagePreprocessing Preprocessing => _model.Preprocessing;

    /// <summary>What <c>PredictedLabel</c> and <c>Score</c> show of a row whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage => _model.Columns.OnInvalidImage;

    /// <summary>Names of the classes, in the order of the slots of <c>Score</c>; "1", "2", ... where the label key had no values.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>
    /// What logits are divided by before the softmax that gives <c>Score</c>: above 1 the scores are less sure than the network, below 1 surer. The most probable
    /// class stays the same. It was fitted on the validation rows (Guo et al. 2017, arXiv:1706.04599); 1 for a model that is not calibrated.
    /// </summary>
    public double Temperature => _model.Temperature;

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

    /// <summary>What training did; null for a model that was not trained here.</summary>
    public TrainingHistory? TrainingHistory => _model.History;

    /// <summary>
    /// How many images <see cref="Transform"/> scores at a time: more of them need more memory, and on a GPU take less time. Default 16 on a processor, 64 on a GPU. It changes no
    /// number beyond rounding, and is not part of the saved model.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1, or no array holds the images of so large a batch.</exception>
    public int ScoringBatchSize
    {
        get => _scorer.BatchSize;
        set => _scorer.BatchSize = value;
    }

    /// <summary>
    /// Pairs of tokens that each block merges into one while scoring: token merging (arXiv:2210.09461), which makes scoring faster and less exact; docs/performance.md has
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
    /// The numbers that scoring computes with. Default <see cref="ScoringPrecision.Float32"/>. <see cref="ScoringPrecision.BFloat16"/> is faster and less exact, and keeps
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

    /// <summary>True: each row is scored by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, then <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of <see cref="Transform"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scorer.OutputSchema(inputSchema);

    /// <summary>Scores lazily: nothing is computed until the columns are read, and then in batches.</summary>
    /// <param name="input">The rows; they are read when the result is.</param>
    /// <returns>The same rows with their scores.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input)
    {
        var scored = _scorer.Transform(input);
        return new ConvertibleView(
            input, scored, scored.Image.HoldsPixels ? scored.Image.Column.Name : null, graph => AddTo(graph, scored.Image, scored.Schema));
    }

    /// <summary>Scores row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>What adds the scores to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scorer.RowMapper(inputSchema);

    /// <summary>A transformer that embeds images with this model's weights, for any other trainer of ML.NET; nothing is written to disk.</summary>
    /// <remarks>
    /// The two share the weights: each is disposed by itself, in any order, and the memory is freed with the last of them. <see cref="ScoringBatchSize"/>,
    /// <see cref="ScoringPrecision"/> and <see cref="MergedTokensPerBlock"/> are set on each by itself. On another device the new one has a copy of the weights.
    /// </remarks>
    /// <param name="outputColumnName">The column of embeddings.</param>
    /// <param name="inputColumnName">The image column. Default null: the one that this model reads.</param>
    /// <param name="options">
    /// Which embedding, and what becomes of images that cannot be read. Default null: what the network's own head sees. The network is this model's, so that
    /// <see cref="VisionTransformerFeatureOptions.PretrainedModel"/> and <see cref="VisionTransformerFeatureOptions.Architecture"/> must not be set; without
    /// <see cref="VisionTransformerFeatureOptions.Preprocessing"/> that of this model is taken, and the device "auto" is the one that this model computes on.
    /// </param>
    /// <returns>The transformer; dispose it, too.</returns>
    /// <exception cref="ArgumentException">An option names another network or makes other images than this one takes, or the network does not give such an embedding.</exception>
    /// <exception cref="InvalidOperationException">The device is not there.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public VisionTransformerFeatureTransformer ToFeatureTransformer(string outputColumnName, string? inputColumnName = null, VisionTransformerFeatureOptions? options = null)
    {
        options ??= new VisionTransformerFeatureOptions();
        Guard.That(
            options.PretrainedModel.Length == 0 && options.Architecture is null,
            nameof(options),
            "PretrainedModel or Architecture is set; the network is that of the model, leave both unset. To embed with another network use mlContext.Transforms.VisionTransformerFeatures.");
        var preprocessing = options.Preprocessing ?? Preprocessing;
        preprocessing.Check();
        Guard.That(
            preprocessing.Size == Architecture.ImageSize && preprocessing.Mean.Count == Architecture.Channels,
            nameof(options.Preprocessing),
            $"The preprocessing makes images of {preprocessing.Size} pixels and {preprocessing.Mean.Count} channels; the network takes {Architecture.ImageSize} and {Architecture.Channels}. Change the model's Preprocessing with a 'with' expression.");
        var column = new FeatureColumn(inputColumnName ?? _model.Columns.Image, Guard.NotBlank(outputColumnName), Guard.Defined(options.Kind), options.Normalize)
        {
            OnInvalidImage = InvalidImageRules.ForPrediction(options.OnInvalidImage, nameof(options.OnInvalidImage)),
        };
        Architecture.WidthOf(column.Kind);
        return new VisionTransformerFeatureTransformer(column, preprocessing, _network.Share(TorchRuntime.Named(Guard.NotBlank(options.Device))));
    }

    /// <summary>
    /// Writes the model for Python: <c>model.safetensors</c>, <c>config.json</c> and <c>preprocessor_config.json</c>, which timm loads
    /// (<c>timm.create_model("local-dir:folder", pretrained=True)</c>), or Hugging Face's transformers where timm has no such network;
    /// <see cref="VisionTransformerCheckpoint.Load"/> gives the same weights back, bit for bit. <see cref="Temperature"/> is not part of it: divide the logits by
    /// it to get these scores.
    /// </summary>
    /// <param name="folder">The folder; it is made where it is not there, and files of these names are replaced.</param>
    /// <exception cref="NotSupportedException">Neither framework has such a network; the message names the part.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void SaveAsSafetensors(string folder)
    {
        Guard.NotBlank(folder);
        var names = _model.Labels.TypeName is null ? null : ClassNames;
        var description = new CheckpointDescription(Architecture, Preprocessing, names, []);
        _network.UseWeights(weights => SafetensorsExport.Write(folder, description, name => weights[name].Values()));
    }

    /// <summary>
    /// Writes the model as one ONNX file, for ONNX Runtime and whatever else reads the format: with its preprocessing where <see cref="OnnxExportOptions.Input"/> says so,
    /// and with class names, preprocessing and architecture as metadata. <see cref="VisionTransformerCheckpoint.Load"/> opens the file again, unless it is of 8-bit integers.
    /// </summary>
    /// <param name="path">The file; one of that name is replaced when the new one is complete.</param>
    /// <param name="options">What the file takes, gives and computes in. Default null: normalised images to probabilities, in 32-bit floats.</param>
    /// <exception cref="ArgumentException">An option has a value that is not allowed.</exception>
    /// <exception cref="NotSupportedException">The network does not have what the options ask for.</exception>
    /// <exception cref="IOException">The file cannot be written; what was there is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void SaveAsOnnx(string path, OnnxExportOptions? options = null) =>
        OnnxNetwork.Write(_network, Guard.NotBlank(path), values => OnnxDescription(values), options, OnnxOutputs.Probabilities);

    /// <summary>Says why the model gives an image a class: a map over the patches, and a picture of it.</summary>
    /// <param name="path">The image file.</param>
    /// <param name="options">Which class, and how. Default null: the predicted class, by <see cref="ExplanationMethod.GradientAttention"/>.</param>
    /// <returns>The map, with the class that it is about.</returns>
    /// <exception cref="ArgumentException">The model has no such class; the message lists them.</exception>
    /// <exception cref="InvalidImageException">The image cannot be read, whatever <see cref="OnInvalidImage"/> says of rows.</exception>
    /// <exception cref="NotSupportedException">There is no map for such a network; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public AttentionExplanation Explain(string path, ExplanationOptions? options = null) =>
        Explain(new ImageFileSource(Guard.NotBlank(path), ExplainedImage), options);

    /// <inheritdoc cref="Explain(string, ExplanationOptions?)"/>
    /// <param name="encoded">The content of an image file.</param>
    /// <param name="options">Which class, and how. Default null: the predicted class, by <see cref="ExplanationMethod.GradientAttention"/>.</param>
    public AttentionExplanation Explain(byte[] encoded, ExplanationOptions? options = null) =>
        Explain(new EncodedImageSource(Guard.NotNull(encoded), ExplainedImage), options);

    /// <inheritdoc cref="Explain(string, ExplanationOptions?)"/>
    /// <param name="image">The image, decoded.</param>
    /// <param name="options">Which class, and how. Default null: the predicted class, by <see cref="ExplanationMethod.GradientAttention"/>.</param>
    public AttentionExplanation Explain(MLImage image, ExplanationOptions? options = null) =>
        Explain(new DecodedImageSource(RgbImage.From(Guard.NotNull(image), ExplainedImage)), options);

    private AttentionExplanation Explain(ImageSource image, ExplanationOptions? options)
    {
        options ??= new ExplanationOptions();
        _network.ThrowIfDisposed();
        int? target = ExplainedClass.Find(options, ClassNames);
        float[] input = new float[_scorer.Converter.Length];
        image.Fill(_scorer.Converter, null, input);
        var maps = _network.Explain(input, 1, Guard.Defined(options.Method), target, _model.Temperature);
        return new AttentionExplanation(Architecture, InputImage.Of(input, Preprocessing), maps, options.Method, ClassNames);
    }

    /// <summary>Makes the maps of a column; the model stays this one's.</summary>
    internal RowScorer Explainer(ExplanationMethod method, string image, string output) => RowScorer.Explanations(_network, _model, method, image, output);

    /// <summary>Puts the network into the ONNX graph of a whole pipeline.</summary>
    private void AddTo(PipelineGraph graph, ImageColumn images, DataViewSchema schema) =>
        _network.UseWeights(weights => OnnxConversion.Save(graph, OnnxDescription(name => weights[name].Values()), images, schema, _model.Columns));

    private OnnxModelDescription OnnxDescription(Func<string, ReadOnlyMemory<float>> values) =>
        new(Architecture, Preprocessing, values) { ClassNames = _model.Labels.TypeName is null ? null : ClassNames, Temperature = _model.Temperature };

    /// <summary>Frees the weights, as soon as scoring that runs now has finished.</summary>
    public void Dispose() => _network.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        _network.UseWeights(weights => ClassifierFile.Write(new ModelWriter(ctx, _format), _model, weights, _storage));

    /// <summary>Called by ML.NET, by the signature in the model file.</summary>
    private static VisionTransformerPredictionTransformer Create(IHostEnvironment environment, ModelLoadContext context) => _format.Load(environment, context, (reader, device) =>
    {
        var (description, network, storage) = ClassifierFile.Read(reader);
        return new VisionTransformerPredictionTransformer(description, new ScoringNetwork(network, device)) { WeightStorage = storage };
    });
}
