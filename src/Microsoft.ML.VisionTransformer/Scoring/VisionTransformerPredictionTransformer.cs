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
/// A trained Vision Transformer classifier. It adds the column <c>PredictedLabel</c>, a key of the most probable class.
/// It also adds <c>Score</c>, the probabilities of the classes, which sum to 1.
/// </summary>
/// <remarks>
/// <para>
/// Scoring is lazy and batched. A <c>PredictionEngine</c> scores row by row and gives the same values up to rounding
/// (1e-5). Several threads may use one model at the same time, and they share its weights.
/// </para>
/// <para>
/// The weights are in native memory. Dispose the model, or the chain that contains it, when you no longer need it.
/// Using it afterwards throws an <see cref="ObjectDisposedException"/>.
/// </para>
/// </remarks>
/// <example>
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext();
/// using VisionTransformerPredictionTransformer model = mlContext.Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
/// model.ScoringBatchSize = 8;
///
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// foreach (float[] scores in model.Transform(images).GetColumn<float[]>("Score").Take(3))
/// {
///     int best = Array.IndexOf(scores, scores.Max());
///     Console.WriteLine($"{model.ClassNames[best]}: {scores[best]:P1}");
/// }
///
/// model.WeightStorage = WeightStorage.Float16;    // half the file size
/// mlContext.Model.Save(model, images.Schema, "model.zip");
/// model.SaveAsOnnx("model.onnx");
/// ]]></code>
/// </example>
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

    /// <summary>The architecture of the network.</summary>
    public VisionTransformerArchitecture Architecture => _model.Architecture;

    /// <summary>How images become the input of the network.</summary>
    public ImagePreprocessing Preprocessing => _model.Preprocessing;

    /// <summary>What happens if the image of a row cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage => _model.Columns.OnInvalidImage;

    /// <summary>
    /// The class names, in the order of the values of <c>Score</c>. They are "1", "2", ... if the label key had no
    /// values.
    /// </summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>
    /// The temperature by which the logits are divided before the softmax of <c>Score</c>. Above 1 it makes the scores
    /// less confident, and below 1 more confident. The most probable class does not change. It is fitted on the
    /// validation rows (Guo et al. 2017, arXiv:1706.04599), and is 1 for a model that is not calibrated.
    /// </summary>
    public double Temperature => _model.Temperature;

    /// <summary>
    /// The number format in which <c>mlContext.Model.Save</c> writes the weights. It affects saved files only, not the
    /// weights in memory. Default <see cref="VisionTransformer.WeightStorage.Float32"/>. A loaded model has the format
    /// of its file.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined by the enumeration.</exception>
    public WeightStorage WeightStorage
    {
        get => _storage;
        set => _storage = Guard.Defined(value, nameof(WeightStorage));
    }

    /// <summary>What happened in the training run. Null for a model that this library did not train.</summary>
    public TrainingHistory? TrainingHistory => _model.History;

    /// <summary>
    /// Number of images per batch while scoring. Larger batches need more memory, and are faster on a GPU. Results
    /// change only by rounding. The setting is not saved with the model. Default 16 on a CPU, and 64 on a GPU.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1, or a batch of that size exceeds the largest array.</exception>
    public int ScoringBatchSize
    {
        get => _scorer.BatchSize;
        set => _scorer.BatchSize = value;
    }

    /// <summary>
    /// Number of pairs of tokens that each block merges while scoring (token merging, arXiv:2210.09461). Merging makes
    /// scoring faster and less accurate. Default 0: no merging.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="NotSupportedException">
    /// libtorch scores the network, for example on a GPU, or <see cref="ScoringPrecision"/> is not float32.
    /// </exception>
    /// <remarks>
    /// Values from 8 to 16 suit 197 tokens and 12 blocks; docs/performance.md has measurements. The setting is not
    /// saved with the model, and does not affect explanations or exported files.
    /// </remarks>
    public int MergedTokensPerBlock
    {
        get => _network.MergedTokens;
        set => _network.MergedTokens = value;
    }

    /// <summary>
    /// The number format of scoring. Default <see cref="VisionTransformer.ScoringPrecision.Float32"/>. With
    /// <see cref="VisionTransformer.ScoringPrecision.BFloat16"/>, scoring is faster and less accurate.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined by the enumeration.</exception>
    /// <exception cref="NotSupportedException">
    /// The processor has neither AVX512_BF16 nor AMX, or <see cref="MergedTokensPerBlock"/> is not 0.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <remarks>
    /// bfloat16 keeps a second copy of the weights, which is half as large, until the model is disposed. The setting is
    /// not saved with the model. It does not affect explanations, saved files or exported files.
    /// </remarks>
    public ScoringPrecision ScoringPrecision
    {
        get => _network.Precision;
        set => _network.Precision = value;
    }

    /// <summary>Always true, because each row is scored independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>Returns the columns of the input, followed by <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the result of <see cref="Transform"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scorer.OutputSchema(inputSchema);

    /// <summary>Scores rows lazily: nothing is computed until the columns are read, and then in batches.</summary>
    /// <param name="input">The rows. They are read when the result is read.</param>
    /// <returns>The same rows with their scores.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IDataView Transform(IDataView input)
    {
        var scored = _scorer.Transform(input);
        return new ConvertibleView(
            input, scored, scored.Image.HoldsPixels ? scored.Image.Column.Name : null, graph => AddTo(graph, scored.Image, scored.Schema));
    }

    /// <summary>Returns a mapper that scores row by row, for a <c>PredictionEngine</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>A mapper that adds the scores to one row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scorer.RowMapper(inputSchema);

    /// <summary>
    /// Creates a transformer that computes features with the weights of this model, for any other ML.NET trainer.
    /// Nothing is written to disk.
    /// </summary>
    /// <param name="outputColumnName">Name of the feature column.</param>
    /// <param name="inputColumnName">Name of the image column. Default null: the column that this model reads.</param>
    /// <param name="options">
    /// Which features to compute, and how to handle images that cannot be read. Default null: the input of the
    /// network's own head. Do not set <see cref="VisionTransformerFeatureOptions.PretrainedModel"/> or
    /// <see cref="VisionTransformerFeatureOptions.Architecture"/>, because the network is this model's. If
    /// <see cref="VisionTransformerFeatureOptions.Preprocessing"/> is null, this model's preprocessing is used. The
    /// device "auto" is this model's device.
    /// </param>
    /// <returns>The transformer, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">
    /// An option names another network, the preprocessing does not match the network, or the network does not produce
    /// the requested features.
    /// </exception>
    /// <exception cref="InvalidOperationException">The device is not available.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <remarks>
    /// The two transformers share the weights. Dispose both, in any order; the memory is freed with the last one. Each
    /// has its own <see cref="ScoringBatchSize"/>, <see cref="ScoringPrecision"/> and
    /// <see cref="MergedTokensPerBlock"/>. On another device the new transformer has its own copy of the weights.
    /// </remarks>
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
    /// Writes the model for Python: <c>model.safetensors</c>, <c>config.json</c> and <c>preprocessor_config.json</c>.
    /// timm loads the folder with <c>timm.create_model("local-dir:folder", pretrained=True)</c>. If timm has no such
    /// network, Hugging Face transformers loads it.
    /// </summary>
    /// <param name="folder">
    /// The folder. It is created if it does not exist, and files with these names are replaced.
    /// </param>
    /// <exception cref="NotSupportedException">
    /// Neither framework supports the network. The message names the unsupported part.
    /// </exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <remarks>
    /// <see cref="VisionTransformerCheckpoint.Load"/> reads back the same weights, bit for bit.
    /// <see cref="Temperature"/> is not included. To get the same scores, divide the logits by it.
    /// </remarks>
    public void SaveAsSafetensors(string folder)
    {
        Guard.NotBlank(folder);
        var names = _model.Labels.TypeName is null ? null : ClassNames;
        var description = new CheckpointDescription(Architecture, Preprocessing, names, []);
        _network.UseWeights(weights => SafetensorsExport.Write(folder, description, name => weights[name].Values()));
    }

    /// <summary>
    /// Writes the model as one ONNX file, for ONNX Runtime and other runtimes. <see cref="OnnxExportOptions.Input"/>
    /// says whether the file also does the preprocessing. The file's metadata contains the class names, the
    /// preprocessing and the architecture. <see cref="VisionTransformerCheckpoint.Load"/> can read the file, unless its
    /// weights are int8.
    /// </summary>
    /// <param name="path">The file. An existing file is replaced only when the new one is complete.</param>
    /// <param name="options">
    /// Input, outputs and precision of the file. Default null: normalized images to probabilities, in float32.
    /// </param>
    /// <exception cref="ArgumentException">An option has a value that is not allowed.</exception>
    /// <exception cref="NotSupportedException">The network does not support what the options request.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void SaveAsOnnx(string path, OnnxExportOptions? options = null) =>
        OnnxNetwork.Write(_network, Guard.NotBlank(path), values => OnnxDescription(values), options, OnnxOutputs.Probabilities);

    /// <summary>
    /// Explains why the model gives an image a high or low probability for a class. The result is a map over the
    /// patches, which you can draw as a picture.
    /// </summary>
    /// <param name="path">The image file.</param>
    /// <param name="options">
    /// The class and the method. Default null: the predicted class, with
    /// <see cref="ExplanationMethod.GradientAttention"/>.
    /// </param>
    /// <returns>The map and the class that it explains.</returns>
    /// <exception cref="ArgumentException">The model has no such class. The message lists the classes.</exception>
    /// <exception cref="InvalidImageException">
    /// The image cannot be read. <see cref="OnInvalidImage"/> does not apply here.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// The method does not support the network. The message says why.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public AttentionExplanation Explain(string path, ExplanationOptions? options = null) =>
        Explain(new ImageFileSource(Guard.NotBlank(path), ExplainedImage), options);

    /// <param name="encoded">The contents of an image file.</param>
    /// <param name="options">
    /// The class and the method. Default null: the predicted class, with
    /// <see cref="ExplanationMethod.GradientAttention"/>.
    /// </param>
    /// <inheritdoc cref="Explain(string, ExplanationOptions?)"/>
    public AttentionExplanation Explain(byte[] encoded, ExplanationOptions? options = null) =>
        Explain(new EncodedImageSource(Guard.NotNull(encoded), ExplainedImage), options);

    /// <param name="image">The decoded image.</param>
    /// <param name="options">
    /// The class and the method. Default null: the predicted class, with
    /// <see cref="ExplanationMethod.GradientAttention"/>.
    /// </param>
    /// <inheritdoc cref="Explain(string, ExplanationOptions?)"/>
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

    /// <summary>Frees the weights when the calls in progress have finished.</summary>
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
