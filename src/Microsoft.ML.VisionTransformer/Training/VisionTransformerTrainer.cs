// The trainer: the ML.NET estimator that Fit is called on.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Training;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.History;
using Microsoft.ML.VisionTransformer.Training.LinearProbe;
using Microsoft.ML.VisionTransformer.Training.Logging;
using Microsoft.ML.VisionTransformer.Training.Plan;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer;

/// <summary>Trains a Vision Transformer (arXiv:2010.11929) to classify images.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use `mlContext.MulticlassClassification.Trainers.VisionTransformer(...)`.
///
/// ### Input and output columns
/// The label column is a [key](xref:Microsoft.ML.Data.KeyDataViewType), and the key type says how many classes there are. The image column has one of these types:
///
/// | Column type | Produced by | Processing |
/// | -- | -- | -- |
/// | vector of Byte | `LoadRawImageBytes` | decoded, oriented by EXIF, resized, cropped, normalized |
/// | `MLImage` | `LoadImages` | resized, cropped, normalized |
/// | text | a path in the data | read from the file, then processed as a vector of Byte |
/// | vector of Single, of the network's size | `LoadImages`, `ResizeImages`, `ExtractPixels` | used unchanged |
///
/// | Output column | Type | Description |
/// | -- | -- | -- |
/// | `PredictedLabel` | key | The most probable class, with the key values of the label. |
/// | `Score` | vector of Single | The probability of each class, in the order of the key. The slot names are the class names. |
///
/// ### Trainer characteristics
/// | Characteristic | Value |
/// | -- | -- |
/// | Machine learning task | Multiclass classification |
/// | Is normalization required? | No |
/// | Is caching required? | No |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.VisionTransformer and one of libtorch-cpu-*, TorchSharp-cuda-windows, TorchSharp-cuda-linux |
/// | Exportable to ONNX | Yes |
/// ]]></format>
/// </remarks>
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext(seed: 1);
/// IDataView images = mlContext.Data.LoadImagesFromFolder("flowers");    // columns ImagePath and Label
/// var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.2, seed: 1);
///
/// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
///     .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
///     {
///         FeatureColumnName = "ImagePath",
///         PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
///         Strategy = TrainingStrategy.FineTune,
///     }))
///     .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
///
/// using var model = pipeline.Fit(split.TrainSet);
/// var metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(split.TestSet));
/// Console.WriteLine($"accuracy {metrics.MicroAccuracy:P1}, log loss {metrics.LogLoss:F3}");
/// mlContext.Model.Save(model, images.Schema, "flowers.zip");
/// </code>
/// </example>
public sealed partial class VisionTransformerTrainer : IEstimator<VisionTransformerPredictionTransformer>
{
    private readonly IHost _host;
    private readonly int _seed;
    private readonly TrainingPlanBuilder _plans;

    /// <summary>Checks and copies the options; later changes to them have no effect.</summary>
    internal VisionTransformerTrainer(IHostEnvironment environment, Options options)
    {
        _host = environment.Register(nameof(VisionTransformerTrainer));
        _plans = new TrainingPlanBuilder(options);
        _seed = _plans.Options.Seed ?? _host.Rand.Next();
    }

    /// <summary>
    /// Returns the augmentation that is used if <see cref="Options.Augmentation"/> is null. Start from it to change a
    /// setting: <c>DefaultAugmentation(TrainingStrategy.FineTune, images: 500) with { MixupAlpha = 0.2 }</c>.
    /// </summary>
    /// <param name="strategy">The strategy.</param>
    /// <param name="images">
    /// Number of training images, at least 0. Training from scratch augments larger datasets more strongly.
    /// </param>
    /// <returns>The settings, including the default crop and flip.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is not allowed.</exception>
    public static TrainingAugmentations DefaultAugmentation(TrainingStrategy strategy, int images)
    {
        var standard = StrategyDefaults.Of(Guard.Defined(strategy), Guard.AtLeast(images, 0));
        return strategy == TrainingStrategy.LinearProbe ? standard.Augmentation : standard.AugmentationWith(null);
    }

    /// <summary>Returns the columns of the input and the columns <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>The columns of the output.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has a type that cannot be used.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Guard.NotNull(inputSchema);
        var options = _plans.Options;
        ImageColumn.Check(inputSchema, options.FeatureColumnName);
        var labels = inputSchema.Where(c => c.Name == options.LabelColumnName).ToArray();
        if (labels.Length == 0)
            throw Guard.SchemaMismatch(LabelColumnMissing(options.LabelColumnName));
        if (!labels[0].IsKey || labels[0].Kind != SchemaShape.Column.VectorKind.Scalar)
            throw Guard.SchemaMismatch(ClassLabels.NotAKey(options.LabelColumnName, labels[0].ItemType.ToString()!));
        if (options.ExampleWeightColumnName is { } weight)
            TrainingRows.CheckWeight(inputSchema, weight);
        return ScoreColumns.AddTo(inputSchema, _plans.Columns, labels[0]);
    }

    /// <summary>Trains a model. Dispose the model, or the chain that contains it, to free its weights.</summary>
    /// <param name="input">The training rows, with an image column and a label column.</param>
    /// <returns>The model, with the weights of the best epoch.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has a type that cannot be used.</exception>
    /// <exception cref="InvalidDataException">There are no rows to train on, or a row cannot be used.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read. The message names its row.</exception>
    /// <exception cref="IOException">
    /// Images beyond <see cref="Options.ImageMemoryLimitBytes"/> cannot be written to a file or read back.
    /// </exception>
    /// <exception cref="FileNotFoundException">The pretrained model does not exist.</exception>
    /// <exception cref="InvalidCheckpointException">
    /// The pretrained model is damaged, or does not match <c>Arch</c>.
    /// </exception>
    /// <exception cref="ModelDownloadException">The pretrained model cannot be downloaded.</exception>
    /// <exception cref="InvalidOperationException">
    /// The training diverges, libtorch or the device is missing, or the processes of a group have different options,
    /// data or versions.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// A batch, or a result computed for all rows, does not fit into one array. The message says what to change.
    /// </exception>
    /// <exception cref="OperationCanceledException">The run was canceled.</exception>
    public VisionTransformerPredictionTransformer Fit(IDataView input)
    {
        Guard.NotNull(input);
        var group = TrainingProcessGroup.Of(_plans.Options.Distributed);
        try
        {
            return Fit(input, group);
        }
        catch (Exception e)
        {
            group.ReportFailure(e);
            throw;
        }
    }

    private VisionTransformerPredictionTransformer Fit(IDataView input, TrainingProcessGroup group)
    {
        var device = TorchRuntime.Device(_plans.Options.Device, _host, group.IsMany ? ProcessGroup.LocalRank : 0);
        using var state = TorchState.EnterOrdinary();
        using var checkpoint = OpenPretrained();
        var reading = _plans.Build(_seed, checkpoint);
        var labels = CheckColumns(input, reading);
        using var workspace = group.IsMain ? TrainingWorkspace.Open(reading.Workspace) : null;
        using var report = new TrainingLog(_host, reading.MetricsCallback, silent: !group.IsMain);
        if (workspace?.Warning is { } damage)
            report.Warning(damage);
        using var store = new ImageStore(reading.ImageMemoryLimit, reading.SpillFolder);
        var (rows, validationRows) = ReadRows(input, reading, store);
        int seed = AgreeOnSeed(workspace, group);
        var plan = _plans.Build(seed, checkpoint, new TrainingDataSummary(rows.Rows.Length, labels.Names, group.Size));
        var (training, validation) = Split(rows, validationRows, plan);
        var data = new Rows(training, validation, labels, rows.WithoutLabel, validationRows is null ? rows.Skipped : rows.Skipped.And(validationRows.Skipped));
        Announce(plan, data, device, input.Schema, report);
        var network = CreateNetwork(plan, checkpoint, _plans.Options.CancellationToken);
        try
        {
            var recorder = FindEarlierRun(plan, checkpoint is null ? null : network, data, workspace, group, report);
            report.Group(group, plan);
            if (workspace is not null && recorder?.Found is not { Finished: true })
                report.WriteTo(new RunLogs(workspace.Folder, plan.Logs, recorder?.Found));
            group.Exchange("ready");
            group.Begin();
            double[]? factors = ClassBalance.Factors(training, plan, labels.Names);
            training = ClassBalance.Apply(training, factors);
            RefuseWeightless(training);
            return Train(new Run(plan, network, data with { Training = training, ClassFactors = factors }, device, recorder, group), report);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private VisionTransformerCheckpoint? OpenPretrained() =>
        _plans.Options.PretrainedModel is not { } model ? null : PretrainedModels.OpenForTask(_host, model, _plans.Options.Arch, _plans.Options.CancellationToken);

    /// <summary>Checks the columns of all data before any row is read, and returns the classes.</summary>
    private static ClassLabels CheckColumns(IDataView input, TrainingPlan plan)
    {
        var labels = LabelsOf(input, plan);
        ClassBalance.CheckNames(plan.ClassWeights, labels.Names);
        if (plan.ValidationSet is null)
            return labels;
        var found = LabelsOf(plan.ValidationSet, plan);
        return found.Names.SequenceEqual(labels.Names) ? labels : throw Guard.SchemaMismatch(
            $"The labels of ValidationSet ({MessageText.List(found.Names, most: 5)}) differ from those of the training data ({MessageText.List(labels.Names, most: 5)}): map both with one fitted MapValueToKey.");
    }

    private static ClassLabels LabelsOf(IDataView data, TrainingPlan plan)
    {
        ImageColumn.Of(data.Schema, plan.Columns.Image, plan.Preprocessing);
        TrainingRows.FindWeight(data.Schema, plan.ExampleWeight);
        return ClassLabels.Of(data.Schema.GetColumnOrNull(plan.Label) ?? throw Guard.SchemaMismatch(LabelColumnMissing(plan.Label)));
    }

    private static string LabelColumnMissing(string name) =>
        $"Could not find the label column '{MessageText.Of(name)}'. Set LabelColumnName to the column that holds the class, mapped to a key with MapValueToKey.";

    private (TrainingRows Rows, TrainingRows? Validation) ReadRows(IDataView input, TrainingPlan plan, ImageStore store)
    {
        var rows = TrainingRows.Read(input, plan, store, CheckAlive);
        if (rows.Rows.Length == 0)
        {
            throw new InvalidDataException(rows.Skipped.Count == 0
                ? $"There is nothing to train on: none of the {rows.WithoutLabel} rows has a label."
                : $"There is nothing to train on: {rows.WithoutLabel} rows have no label, and {rows.Skipped}");
        }

        return (rows, plan.ValidationSet is null ? null : TrainingRows.Read(plan.ValidationSet, plan, store, CheckAlive));
    }

    /// <summary>An interrupted run keeps its seed. Contexts without a user-set seed differ in theirs, so all processes use that of rank 0.</summary>
    private int AgreeOnSeed(TrainingWorkspace? workspace, TrainingProcessGroup group) =>
        int.Parse(group.Exchange((workspace?.SeedOf(_seed) ?? _seed).ToString(CultureInfo.InvariantCulture))[0], CultureInfo.InvariantCulture);

    private static (TrainingRow[] Training, TrainingRow[] Validation) Split(TrainingRows rows, TrainingRows? validationRows, TrainingPlan plan)
    {
        var (training, validation) = plan.CutsValidation
            ? StratifiedSplit.Cut(rows.Rows, plan.ValidationFraction, plan.Seed)
            : (rows.Rows, validationRows?.Rows ?? []);
        if (plan.Calibrate && validation.Length == 0)
            throw new InvalidDataException("Calibrate is set, but there are no validation rows to calibrate on: set ValidationSet, or provide more rows for ValidationSetFraction to split.");
        if (plan.EarlyStopping is not null && validation.Length == 0)
            throw new InvalidDataException("EarlyStoppingCriteria is set, but there are no validation rows to monitor: set ValidationSet, or provide more rows for ValidationSetFraction to split.");
        if (validation.Length > 0 && Array.TrueForAll(validation, row => row.Weight == 0))
            throw new InvalidDataException($"The weight of each of the {validation.Length} validation rows is 0, so they cannot be evaluated. Correct the column named by ExampleWeightColumnName, or set another ValidationSet.");
        return (training, validation);
    }

    private void Announce(TrainingPlan plan, Rows rows, torch.Device device, DataViewSchema schema, TrainingLog report)
    {
        report.Start(plan, rows.Training.Length, rows.Validation.Length, rows.WithoutLabel, device.ToString());
        if (StrategyDefaults.Advice(_plans.Options, rows.Training.Length) is { } advice)
            report.Warning(advice);
        if (plan.Head is { } head)
            report.Info(head.Reason);
        if (rows.Skipped.Count > 0)
            report.Warning(rows.Skipped.ToString());
        if (plan.Strategy == TrainingStrategy.LinearProbe && OptionChecks.UnusedByProbe(_plans.Options) is { Length: > 0 } unused)
            report.Warning($"A linear probe does not use {string.Join(", ", unused)}: it trains only the head, to convergence. Leave them at their defaults, or set Strategy to FineTune.");
        if (!ImageColumn.Of(schema, plan.Columns.Image, plan.Preprocessing).HoldsPixels)
            return;
        PixelRange.WarnIfUnscaled(rows.Training, plan.Preprocessing, report.Warning);
        if (plan.AugmentationIsChosen && plan.Augmentation.NeedsImages)
            report.Warning($"The column '{plan.Columns.Image}' holds pixels, which are flipped, erased and mixed only: the crop, policy and jitter of Augmentation are not applied. Give the trainer the images (bytes, MLImage or paths) to apply them.");
    }

    private static VisionTransformerNetwork CreateNetwork(TrainingPlan plan, VisionTransformerCheckpoint? checkpoint, CancellationToken cancellation)
    {
        if (checkpoint is null)
            return new VisionTransformerNetwork(plan.Architecture, plan.Seed);
        using var weights = checkpoint.ReadWeights(plan.Architecture, plan.Head!, plan.Seed, cancellation);
        return VisionTransformerNetwork.Of(plan.Architecture, weights.ByName(), plan.Seed);
    }

    /// <summary>Compares this run with the runs of the other processes and with the one in the workspace, which it may resume.</summary>
    private RunRecorder? FindEarlierRun(TrainingPlan plan, VisionTransformerNetwork? pretrained, Rows rows, TrainingWorkspace? workspace, TrainingProcessGroup group, TrainingLog report)
    {
        if (plan.Workspace is null && !group.IsMany)
            return null;
        var identity = RunIdentity.Of(plan, pretrained, rows.Labels.Names, rows.Training, rows.Validation, CheckAlive);
        ProcessAgreement.Check(group, identity);
        if (plan.Workspace is null)
            return null;
        var found = workspace?.ResumeFrom(identity, plan.Seed, report.Warning, group.Size);
        if (group.IsMany)
        {
            // Rank 0 has the workspace and sends its progress to the others.
            string progress = group.Exchange(found is null ? "" : Encoding.UTF8.GetString(ModelJson.Write(found)))[0];
            found = progress.Length == 0 ? null : ModelJson.Read<RunProgress>(Encoding.UTF8.GetBytes(progress));
        }

        return new RunRecorder(workspace, identity, found, plan.CheckpointInterval, group);
    }

    private VisionTransformerPredictionTransformer Train(Run run, TrainingLog report)
    {
        var (plan, rows) = (run.Plan, run.Rows);
        run.Network.to(run.Device);
        var clock = Stopwatch.StartNew();
        var trained = TrainAndTrim(run, report);
        var history = trained with
        {
            Duration = (run.Recorder?.Found?.Elapsed ?? TimeSpan.Zero) + clock.Elapsed,
            Device = run.Device.ToString(),
            Versions = SoftwareVersions.Current,
            Options = StoredOptions.Of(_plans.Options),
            Strategy = plan.Strategy,
            RowsWithoutLabel = rows.WithoutLabel,
            RowsWithInvalidImage = rows.Skipped.Count,
            InvalidImages = rows.Skipped.Reasons,
        };
        report.End(history);
        return new VisionTransformerPredictionTransformer(
            new ModelDescription(plan.Architecture, plan.Preprocessing, rows.Labels, plan.Columns, history) { Temperature = history.Temperature }, ScoringNetwork.Of(run.Network, ComputeDevice.Of(run.Device)));
    }

    /// <summary>Returns the memory that the training kept to the system at the end.</summary>
    private TrainingHistory TrainAndTrim(Run run, TrainingLog report)
    {
        try
        {
            return TrainWithKeptMemory(run, report);
        }
        finally
        {
            NativeHeap.Trim();
        }
    }

    private TrainingHistory TrainWithKeptMemory(Run run, TrainingLog report)
    {
        var (training, validation) = (run.Rows.Training, run.Rows.Validation);
        if (run.Plan.Strategy == TrainingStrategy.LinearProbe)
            return new LinearProbeTrainer(run.Plan, training, validation, run.Rows.ClassFactors, run.Network, run.Device, CheckAlive, run.Group).Run(report);
        var probe = !run.Plan.ProbesHead || run.Recorder?.Found is not null ? null :
            ProbedHead.Give(run.Plan, training, run.Network, new FeaturePass(run.Plan, run.Network, run.Device, CheckAlive, run.Group), report, CheckAlive, run.Group);
        using var loop = new TrainingLoop(run.Plan, training, validation, run.Network, run.Device, CheckAlive, run.Recorder, run.Group, probe);
        if (run.Plan.LearningCurve && !run.Plan.ProbesHead)
            report.Info("LearningCurve is set, but there is no linear probe to measure: the pretrained head is kept, or InitializeHeadByProbe is false. Set Strategy to LinearProbe for a learning curve.");
        return loop.Run(report);
    }

    private static void RefuseWeightless(TrainingRow[] training)
    {
        if (Array.TrueForAll(training, row => row.Weight == 0))
            throw new InvalidDataException($"There is nothing to train on: the weight of each of the {training.Length} training rows is 0. Correct the column named by ExampleWeightColumnName, or ClassWeights.");
    }

    private void CheckAlive()
    {
        _plans.Options.CancellationToken.ThrowIfCancellationRequested();
        MLEnvironment.ThrowIfCanceled(_host);
    }

    /// <summary>The data of one training run.</summary>
    private sealed record Rows(TrainingRow[] Training, TrainingRow[] Validation, ClassLabels Labels, int WithoutLabel, SkippedImages Skipped)
    {
        /// <summary>The factor of each class that the weights of training rows were multiplied by; null for 1.</summary>
        internal double[]? ClassFactors { get; init; }
    }

    /// <summary>The inputs of one training run.</summary>
    private sealed record Run(TrainingPlan Plan, VisionTransformerNetwork Network, Rows Rows, torch.Device Device, RunRecorder? Recorder, TrainingProcessGroup Group);
}
