// The estimator: an ML.NET pipeline's door to training.
using System.Globalization;
using System.Text;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Trainers;
using Microsoft.ML.VisionTransformer.Transformers;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer;

/// <summary>Trains a Vision Transformer (arXiv:2010.11929) to classify images.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use `mlContext.MulticlassClassification.Trainers.VisionTransformer(...)`.
///
/// ### Input and output columns
/// The label column is a [key](xref:Microsoft.ML.Data.KeyDataViewType); the number of classes is that of the key type. The image column is one of:
///
/// | Column type | Made by | What happens to it |
/// | -- | -- | -- |
/// | vector of Byte | `LoadRawImageBytes` | decoded, oriented by EXIF, resized, cropped, normalised |
/// | `MLImage` | `LoadImages` | resized, cropped, normalised |
/// | text | a path in the data | read, then as the first |
/// | vector of Single, of the network's size | `LoadImages`, `ResizeImages`, `ExtractPixels` | taken as it is |
///
/// | Output column | Type | Description |
/// | -- | -- | -- |
/// | `PredictedLabel` | key | The most probable class, with the label's key values. |
/// | `Score` | vector of Single | The probability of each class, in the order of the key; the slots have the classes' names. |
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
public sealed partial class VisionTransformerTrainer : IEstimator<VisionTransformerPredictionTransformer>
{
    internal const string DefaultLabel = "Label", DefaultFeatures = "Features", DefaultScore = "Score", DefaultPredictedLabel = "PredictedLabel";

    private readonly IHost _host;
    private readonly Options _options;
    private readonly TrainingPlan _plan;

    /// <summary>Checks and copies the options: later changes to them do not matter.</summary>
    internal VisionTransformerTrainer(IHostEnvironment environment, Options options)
    {
        _host = environment.Register(nameof(VisionTransformerTrainer));
        _options = Guard.NotNull(options).Copy();
        _plan = _options.ToPlan(seed: _host.Rand.Next());
    }

    /// <summary>The input's columns with <c>PredictedLabel</c> and <c>Score</c>.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns>Those, and the two of the model.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has a type that cannot be used.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Guard.NotNull(inputSchema);
        ImageColumn.Check(inputSchema, _plan.Columns.Image);
        var labels = inputSchema.Where(c => c.Name == _plan.Label).ToArray();
        if (labels.Length == 0)
            throw Guard.SchemaMismatch($"Could not find the label column '{_plan.Label}'.");
        if (!labels[0].IsKey || labels[0].Kind != SchemaShape.Column.VectorKind.Scalar)
            throw Guard.SchemaMismatch(ClassLabels.NotAKey(_plan.Label, labels[0].ItemType.ToString()!));
        if (_plan.ExampleWeight is { } weight && !inputSchema.Any(c => c.Name == weight))
            throw Guard.SchemaMismatch($"Could not find the weight column '{weight}'.");
        return ScoreColumns.AddTo(inputSchema, _plan.Columns, labels[0]);
    }

    /// <summary>Trains a model; dispose it, or the chain that holds it, to free its weights.</summary>
    /// <param name="input">The training rows, with the image and the label column.</param>
    /// <returns>The model, with the weights of the best epoch.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has a type that cannot be used.</exception>
    /// <exception cref="InvalidDataException">There is nothing to train on, or a row cannot be used.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read; the message names its row.</exception>
    /// <exception cref="IOException">Images beyond <see cref="Options.ImageMemoryLimitBytes"/> cannot be written to a file, or not be read back.</exception>
    /// <exception cref="FileNotFoundException">There is no such pretrained model.</exception>
    /// <exception cref="InvalidCheckpointException">The pretrained model is broken, or does not fit <c>Arch</c>.</exception>
    /// <exception cref="ModelDownloadException">The pretrained model cannot be downloaded.</exception>
    /// <exception cref="InvalidOperationException">
    /// The training diverges, or libtorch or the device is not there; or the processes of a job differ in options, data or versions.
    /// </exception>
    /// <exception cref="NotSupportedException">A batch, or what is computed of all rows, does not fit into one array; the message says what to change.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public VisionTransformerPredictionTransformer Fit(IDataView input)
    {
        Guard.NotNull(input);
        var team = TrainingTeam.Of(_plan.Distributed);
        try
        {
            return Fit(input, team);
        }
        catch (Exception e)
        {
            team.Tell(e);
            throw;
        }
    }

    private VisionTransformerPredictionTransformer Fit(IDataView input, TrainingTeam team)
    {
        var device = TorchRuntime.Device(_plan.Device, _host, team.IsMany ? ProcessGroup.LocalRank : 0);
        using var state = TorchState.EnterOrdinary();
        using var checkpoint = OpenPretrained();
        var plan = checkpoint is null ? _plan : _options.Complete(_plan, checkpoint);
        var labels = CheckData(input, plan);
        if (plan.ValidationSet is not null)
            CheckValidationData(plan.ValidationSet, labels, plan);
        using var workspace = team.IsMain ? TrainingWorkspace.Open(plan.Workspace) : null;
        using var report = new TrainingReport(_host, plan.MetricsCallback, silent: !team.IsMain);

        using var store = new ImageStore(plan.ImageMemoryLimit, plan.SpillFolder);
        var rows = TrainingRows.Read(input, plan, store, CheckAlive);
        // Contexts without a seed of the user's have different ones.
        int seed = int.Parse(team.Exchange(Invariant(workspace?.SeedOf(_plan.Seed) ?? _plan.Seed))[0], CultureInfo.InvariantCulture);
        plan = _options.ToPlan(seed, new DataSize(rows.Rows.Length, labels.Names.Count));
        plan = checkpoint is null ? plan : _options.Complete(plan, checkpoint);
        var (training, validation, skipped) = Split(rows, plan, store);
        if (ImageColumn.Of(input.Schema, plan.Columns.Image, plan.Preprocessing).HoldsPixels)
        {
            PixelRange.WarnIfUnscaled(training, plan.Preprocessing, report);
            if (plan.AugmentationIsChosen && plan.Augmentation.NeedsImages)
                report.Warning($"The column '{plan.Columns.Image}' holds pixels, which are flipped, erased and mixed only: the crop, policy and jitter of Augmentation are left out. Give the trainer the images (bytes, MLImage or paths) to have them.");
        }

        plan = plan with { Architecture = plan.Architecture with { Classes = labels.Names.Count } };
        report.Start(plan, training.Length, validation.Length, rows.WithoutLabel, device.ToString());
        if (skipped.Count > 0)
            report.Warning(skipped.ToString());
        var head = checkpoint?.PlanHead(labels.Names);
        if (head is not null)
            report.Info(head.Reason);
        if (head?.Fit != HeadFit.New)
            plan = plan with { HeadRateFactor = _options.HeadLearningRateFactor ?? 1, ProbesHead = false };
        var identity = plan.Workspace is null && !team.IsMany ? null : RunIdentity.Of(plan, labels.Names, training, validation);
        if (team.IsMany)
            TeamIdentity.Check(team, identity!, training, validation);
        var recorder = plan.Workspace is null ? null : Recorder(workspace, plan, identity!, team);
        plan = plan with { LearningRate = plan.LearningRate * team.RateFactor(plan.RateScaling) };
        report.Team(team, plan);
        if (workspace is not null && recorder?.Found is not { Finished: true })
            report.WriteTo(new RunLogs(workspace.Folder, plan.Logs, recorder?.Found));
        training = ClassBalance.Apply(training, plan, labels.Names);
        RefuseWeightless(training);
        var network = checkpoint?.CreateNetwork(plan.Architecture, head!, plan.Seed) ?? new VisionTransformerNetwork(plan.Architecture, plan.Seed);
        team.Exchange("ready");
        team.Begin();
        return Train(new Run(plan, network, training, validation, device, recorder, team), labels, rows with { Skipped = skipped }, report);
    }

    private VisionTransformerCheckpoint? OpenPretrained() =>
        _plan.Pretrained is null ? null : PretrainedModels.OpenForTask(_host, _plan.Pretrained, _options.Arch, _plan.CancellationToken);

    /// <summary>The first process has the workspace, and tells the others how far the run has come.</summary>
    private static RunRecorder Recorder(TrainingWorkspace? workspace, TrainingPlan plan, SortedDictionary<string, string> identity, TrainingTeam team)
    {
        var found = workspace?.ResumeFrom(identity, plan.Seed, team.Size);
        if (team.IsMany)
        {
            string told = team.Exchange(found is null ? "" : Encoding.UTF8.GetString(ModelJson.Write(found)))[0];
            found = told.Length == 0 ? null : ModelJson.Read<RunProgress>(Encoding.UTF8.GetBytes(told));
        }

        return new RunRecorder(workspace, identity, found, plan.CheckpointInterval, team);
    }

    private static string Invariant(int value) => value.ToString(CultureInfo.InvariantCulture);

    private VisionTransformerPredictionTransformer Train(Run run, ClassLabels labels, TrainingRows rows, TrainingReport report)
    {
        var (plan, network) = (run.Plan, run.Network);
        try
        {
            network.to(run.Device);
            var history = Train(run, report) with
            {
                RowsWithoutLabel = rows.WithoutLabel,
                RowsWithInvalidImage = rows.Skipped.Count,
                InvalidImages = rows.Skipped.Reasons,
            };
            report.End(history);
            return new VisionTransformerPredictionTransformer(
                new ModelDescription(plan.Architecture, plan.Preprocessing, labels, plan.Columns, history) { Temperature = history.Temperature }, new ScoringNetwork(network, run.Device));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private TrainingHistory Train(Run run, TrainingReport report)
    {
        try
        {
            return TrainInKeptMemory(run, report);
        }
        finally
        {
            NativeHeap.Trim();
        }
    }

    private TrainingHistory TrainInKeptMemory(Run run, TrainingReport report)
    {
        if (run.Plan.Strategy == TrainingStrategy.LinearProbe)
            return new LinearProbe(run.Plan, run.Training, run.Validation, run.Network, run.Device, CheckAlive, run.Team).Run(report);
        if (run.Plan.ProbesHead && run.Recorder?.Found is null)
            ProbedHead.Give(run.Plan, run.Training, run.Network, new FeaturePass(run.Plan, run.Network, run.Device, CheckAlive, run.Team), report, CheckAlive, run.Team);
        using var loop = new TrainingLoop(run.Plan, run.Training, run.Validation, run.Network, run.Device, CheckAlive, run.Recorder, run.Team);
        return loop.Run(report);
    }

    /// <summary>What one training works with.</summary>
    private sealed record Run(
        TrainingPlan Plan, VisionTransformerNetwork Network, TrainingRow[] Training, TrainingRow[] Validation, torch.Device Device, RunRecorder? Recorder, TrainingTeam Team);

    private static ClassLabels CheckData(IDataView data, TrainingPlan plan)
    {
        ImageColumn.Of(data.Schema, plan.Columns.Image, plan.Preprocessing);
        return ClassLabels.Of(data.Schema.GetColumnOrNull(plan.Label) ?? throw Guard.SchemaMismatch($"Could not find the label column '{plan.Label}'."));
    }

    private static void CheckValidationData(IDataView data, ClassLabels labels, TrainingPlan plan)
    {
        var found = CheckData(data, plan);
        if (!found.Names.SequenceEqual(labels.Names))
        {
            throw Guard.SchemaMismatch(
                $"The labels of ValidationSet ({string.Join(", ", found.Names.Take(5))}, ...) are not those of the training data ({string.Join(", ", labels.Names.Take(5))}, ...): map both with one fitted MapValueToKey.");
        }
    }

    private (TrainingRow[] Training, TrainingRow[] Validation, SkippedImages Skipped) Split(TrainingRows rows, TrainingPlan plan, ImageStore store)
    {
        if (rows.Rows.Length == 0)
        {
            throw new InvalidDataException(rows.Skipped.Count == 0
                ? $"There is nothing to train on: of {rows.WithoutLabel} rows none has a label."
                : $"There is nothing to train on: {rows.WithoutLabel} rows have no label, and {rows.Skipped}");
        }

        var apart = plan.ValidationSet is null ? null : TrainingRows.Read(plan.ValidationSet, plan, store, CheckAlive);
        var (training, validation) = plan.CutsValidation
            ? StratifiedSplit.Cut(rows.Rows, plan.ValidationFraction, plan.Seed)
            : (rows.Rows, apart?.Rows ?? []);
        if (plan.Calibrate && validation.Length == 0)
            throw new InvalidDataException("Calibrate is set, but there are no validation rows to calibrate on: give a ValidationSet, or more rows for ValidationSetFraction.");
        if (plan.EarlyStopping is not null && validation.Length == 0)
            throw new InvalidDataException("EarlyStoppingCriteria is set, but there are no validation rows to watch: give a ValidationSet, or more rows for ValidationSetFraction.");
        return (training, validation, apart is null ? rows.Skipped : rows.Skipped.And(apart.Skipped));
    }

    private static void RefuseWeightless(TrainingRow[] training)
    {
        if (Array.TrueForAll(training, row => row.Weight == 0))
            throw new InvalidDataException($"There is nothing to train on: the weight of each of the {training.Length} training rows is 0. Correct ExampleWeightColumnName's column, or ClassWeights.");
    }

    private void CheckAlive()
    {
        _plan.CancellationToken.ThrowIfCancellationRequested();
        MLEnvironment.ThrowIfCanceled(_host);
    }
}
