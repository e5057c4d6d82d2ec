// The trained classifier: scores images in a pipeline or a PredictionEngine, and can be saved in an ML.NET model file.
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
/// A trained Vision Transformer classifier. It adds <c>PredictedLabel</c> (key of the most probable class) and <c>Score</c> (probabilities, one
/// slot per class, that sum to 1).
/// </summary>
/// <remarks>
/// <para>Scoring is lazy and batched; a <c>PredictionEngine</c> scores row by row and gives the same values up to rounding (1e-5). Several threads may
/// use one model at once; they share its weights.</para>
/// <para>The weights are in native memory: dispose the model, or the chain that contains it, when it is no longer needed. Using it afterwards throws
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

    /// <summary>Takes ownership of the network.</summary>
    internal VisionTransformerPredictionTransformer(ModelDescription model, ScoringNetwork network)
    {
        _model = model;
        _network = network;
        _scorer = RowScorer.Classes(network, model);
        ClassNames = model.Labels.Names;
    }

    /// <summary>The network architecture.</summary>
    public VisionTransformerArchitecture Architecture => _model.Architecture;

    /// <summary>How images are converted to the network's input.</summary>
    public ImagePreprocessing Preprocessing => _model.Preprocessing;

    /// <summary>How <c>PredictedLabel</c> and <c>Score</c> handle a row whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage => _model.Columns.OnInvalidImage;

    /// <summary>Class names, in the order of the slots of <c>Score</c>; "1", "2", ... if the label key had no values.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>
    /// The temperature that divides the logits before the softmax of <c>Score</c>. Values above 1 make the scores less confident, values below 1 more
    /// confident; the most probable class does not change. It is fitted on the validation rows (Guo et al. 2017, arXiv:1706.04599) and is 1 for a
    /// model that is not calibrated.
    /// </summary>
    public double Temperature => _model.Temperature;

    /// <summary>
    /// The format in which <c>mlContext.Model.Save</c> writes the weights. Default <see cref="WeightStorage.Float32"/>; a loaded model has the format
    /// of its file. It affects saved files only, not the weights in memory.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined by the enumeration.</exception>
    public WeightStorage WeightStorage
    {
        get => _storage;
        set => _storage = Guard.Defined(value, nameof(WeightStorage));
    }

    /// <summary>The metrics of the training run; null for a model that was not trained by this library.</summary>
    public TrainingHistory? TrainingHistory => _model.History;

    /// <summary>
    /// How many images <see cref="Transform"/> scores per batch. Larger batches need more memory and are faster on a GPU. Default 16 on a CPU, 64 on a
    /// GPU. It changes results only by rounding and is not part of the saved model.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1, or a batch of that size exceeds the largest array.</exception>
    public int ScoringBatchSize
    {
        get => _scorer.BatchSize;
        set => _scorer.BatchSize = value;
    }

    /// <summary>
    /// Pairs of tokens that each block merges while scoring (token merging, arXiv:2210.09461). Merging makes scoring faster and less accurate;
    /// docs/performance.md has measurements. 8 to 16 suit 197 tokens and 12 blocks. Default 0: none. It is not part of the saved model and does not
    /// affect explanations or exported files.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="NotSupportedException">
    /// The network is scored by libtorch, because the processor has no AVX2 or the network has rotary positions or widths that are not multiples of 16;
    /// or <see cref="ScoringPrecision"/> is not float32.
    /// </exception>
    public int MergedTokensPerBlock
    {
        get => _network.MergedTokens;
        set => _network.MergedTokens = value;
    }

    /// <summary>
    /// The precision of scoring. Default <see cref="ScoringPrecision.Float32"/>. <see cref="ScoringPrecision.BFloat16"/> is faster and less accurate, and
    /// keeps a second copy of the weights, half the size, until the model is disposed. It is not part of the saved model and does not affect
    /// explanations or saved or exported files.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined by the enumeration.</exception>
    /// <exception cref="NotSupportedException">The processor has neither AVX512_BF16 nor AMX; or <see cref="MergedTokensPerBlock"/> is not 0.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public ScoringPrecision ScoringPrecision
    {
        get => _network.Precision;
        set => _network.Precision = value;
    }

    /// <summary>Always true: rows are scored independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input columns, followed by <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of <see cref="Transform"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scorer.OutputSchema(inputSchema);

    /// <summary>Scores lazily: nothing is computed until the columns are read, and then in batches.</summary>
    /// <param name="input">The rows; they are read when the result is read.</param>
    /// <returns>The same rows with their scores.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input)
    {
        var scored = _scorer.Transform(input);
        return new ConvertibleView(
            input, scored, scored.Image.HoldsPixels ? scored.Image.Column.Name : null, graph => AddTo(graph, scored.Image, scored.Schema));
    }

    /// <summary>Scores row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>A mapper that adds the scores to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scorer.RowMapper(inputSchema);

    /// <summary>
    /// Creates a transformer that embeds images with this model's weights, as features for any other ML.NET trainer. Nothing is written to disk.
    /// </summary>
    /// <remarks>
    /// The two share the weights. Dispose both, in any order; the memory is freed with the last one. <see cref="ScoringBatchSize"/>,
    /// <see cref="ScoringPrecision"/> and <see cref="MergedTokensPerBlock"/> are set separately on each. On another device the new transformer has its
    /// own copy of the weights.
    /// </remarks>
    /// <param name="outputColumnName">Name of the embedding column.</param>
    /// <param name="inputColumnName">Name of the image column. Default null: the one that this model reads.</param>
    /// <param name="options">
    /// Which embedding to output, and how to handle images that cannot be read. Default null: the input of the network's own head. Do not set
    /// <see cref="VisionTransformerFeatureOptions.PretrainedModel"/> or <see cref="VisionTransformerFeatureOptions.Architecture"/>: the network is this
    /// model's. If <see cref="VisionTransformerFeatureOptions.Preprocessing"/> is null, this model's is used. The device "auto" is this model's device.
    /// </param>
    /// <returns>The transformer; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">
    /// An option names another network, the preprocessing does not match this network, or the network does not produce the requested embedding.
    /// </exception>
    /// <exception cref="InvalidOperationException">The device is not available.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public VisionTransformerFeatureTransformer ToFeatureTransformer(
        string outputColumnName, string? inputColumnName = null, VisionTransformerFeatureOptions? options = null)
    {
        options ??= new VisionTransformerFeatureOptions();
        Guard.That(
            options.PretrainedModel.Length == 0 && options.Architecture is null,
            nameof(options),
            "PretrainedModel or Architecture is set, but the model's own network is used. Leave both unset, "
            + "or embed with another network through mlContext.Transforms.VisionTransformerFeatures.");
        var preprocessing = options.Preprocessing ?? Preprocessing;
        preprocessing.Check();
        Guard.That(
            preprocessing.Size == Architecture.ImageSize && preprocessing.Mean.Count == Architecture.Channels,
            nameof(options.Preprocessing),
            $"The preprocessing produces images of {preprocessing.Size} pixels with {preprocessing.Mean.Count} channels; the network takes "
            + $"{Architecture.ImageSize} with {Architecture.Channels}. Derive it from the model's Preprocessing with a 'with' expression.");
        string image = inputColumnName ?? _model.Columns.Image;
        var column = new FeatureColumn(image, Guard.NotBlank(outputColumnName), Guard.Defined(options.Kind), options.Normalize)
        {
            OnInvalidImage = InvalidImageRules.ForPrediction(options.OnInvalidImage, nameof(options.OnInvalidImage)),
        };
        Architecture.WidthOf(column.Kind);
        return new VisionTransformerFeatureTransformer(column, preprocessing, _network.ShareWeights(ComputeDevice.Named(Guard.NotBlank(options.Device))));
    }

    /// <summary>
    /// Writes the model for Python: <c>model.safetensors</c>, <c>config.json</c> and <c>preprocessor_config.json</c>. timm loads them
    /// (<c>timm.create_model("local-dir:folder", pretrained=True)</c>), or Hugging Face transformers if timm has no such network.
    /// <see cref="VisionTransformerCheckpoint.Load"/> reads back the same weights, bit for bit. <see cref="Temperature"/> is not included: divide the
    /// logits by it to get the same scores.
    /// </summary>
    /// <param name="folder">The folder; it is created if it does not exist, and files with these names are replaced.</param>
    /// <exception cref="NotSupportedException">Neither framework supports the network; the message names the unsupported part.</exception>
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
    /// Writes the model as one ONNX file, for ONNX Runtime and other runtimes. <see cref="OnnxExportOptions.Input"/> chooses whether preprocessing is part
    /// of the graph; class names, preprocessing and architecture are stored as metadata. <see cref="VisionTransformerCheckpoint.Load"/> can read the
    /// file, unless its weights are 8-bit integers.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced when the new one is complete.</param>
    /// <param name="options">Input, outputs and precision of the file. Default null: normalized images to probabilities, in float32.</param>
    /// <exception cref="ArgumentException">An option has a value that is not allowed.</exception>
    /// <exception cref="NotSupportedException">The network does not support what the options request.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void SaveAsOnnx(string path, OnnxExportOptions? options = null) =>
        OnnxNetwork.Write(_network, Guard.NotBlank(path), values => OnnxDescription(values), options, OnnxOutputs.Probabilities);

    /// <summary>Explains the class that the model gives an image: a map over the patches, which can be drawn as an image.</summary>
    /// <param name="path">The image file.</param>
    /// <param name="options">The class and the method. Default null: the predicted class, by <see cref="ExplanationMethod.GradientAttention"/>.</param>
    /// <returns>The map and the class it explains.</returns>
    /// <exception cref="ArgumentException">The model has no such class; the message lists them.</exception>
    /// <exception cref="InvalidImageException">The image cannot be read; <see cref="OnInvalidImage"/> does not apply here.</exception>
    /// <exception cref="NotSupportedException">The method does not support the network; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public AttentionExplanation Explain(string path, ExplanationOptions? options = null) =>
        Explain(new ImageFileSource(Guard.NotBlank(path), ExplainedImage), options);

    /// <inheritdoc cref="Explain(string, ExplanationOptions?)"/>
    /// <param name="encoded">The contents of an image file.</param>
    /// <param name="options">The class and the method. Default null: the predicted class, by <see cref="ExplanationMethod.GradientAttention"/>.</param>
    public AttentionExplanation Explain(byte[] encoded, ExplanationOptions? options = null) =>
        Explain(new EncodedImageSource(Guard.NotNull(encoded), ExplainedImage), options);

    /// <inheritdoc cref="Explain(string, ExplanationOptions?)"/>
    /// <param name="image">The decoded image.</param>
    /// <param name="options">The class and the method. Default null: the predicted class, by <see cref="ExplanationMethod.GradientAttention"/>.</param>
    public AttentionExplanation Explain(MLImage image, ExplanationOptions? options = null) =>
        Explain(new DecodedImageSource(RgbImage.From(Guard.NotNull(image), ExplainedImage)), options);

    private AttentionExplanation Explain(DecodedSource image, ExplanationOptions? options)
    {
        options ??= new ExplanationOptions();
        _network.ThrowIfDisposed();
        int? target = ExplainedClass.Find(options, ClassNames);
        int photoSize = Guard.InRange(options.PhotoSize, 0, ExplanationOptions.LargestPhotoSize + 1);
        float[] input = new float[_scorer.Converter.Length];
        image.Fill(_scorer.Converter, null, input);
        var maps = _network.Explain(input, 1, Guard.Defined(options.Method), target, _model.Temperature);
        var photo = photoSize == 0 ? null : image.Show(_scorer.Converter, photoSize);
        return new AttentionExplanation(Architecture, InputImage.Of(input, Preprocessing), photo, maps, options.Method, ClassNames);
    }

    /// <summary>A scorer that computes attention maps; this transformer keeps ownership of the network.</summary>
    internal RowScorer Explainer(ExplanationMethod method, string image, string output) => RowScorer.Explanations(_network, _model, method, image, output);

    /// <summary>Adds the network to the ONNX graph of a pipeline.</summary>
    private void AddTo(PipelineGraph graph, ImageColumn images, DataViewSchema schema) =>
        _network.UseWeights(weights => OnnxConversion.Save(graph, OnnxDescription(name => weights[name].Values()), images, schema, _model.Columns));

    private OnnxModelDescription OnnxDescription(Func<string, ReadOnlyMemory<float>> values) =>
        new(Architecture, Preprocessing, values) { ClassNames = _model.Labels.TypeName is null ? null : ClassNames, Temperature = _model.Temperature };

    /// <summary>Frees the weights once the calls in progress have finished.</summary>
    public void Dispose() => _network.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        _network.UseWeights(weights => ClassifierFile.Write(new ModelWriter(ctx, _format), _model, weights, _storage));

    /// <summary>Called by ML.NET through the signature in the model file.</summary>
    private static VisionTransformerPredictionTransformer Create(IHostEnvironment environment, ModelLoadContext context) =>
        _format.Load(environment, context, (reader, device) =>
        {
            var (description, weights, storage) = ClassifierFile.Read(reader);
            return new VisionTransformerPredictionTransformer(description, new ScoringNetwork(weights, device)) { WeightStorage = storage };
        });
}
