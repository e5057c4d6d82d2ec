// Trains a tiny network on colored pictures, as a user's program would, and writes what came of it.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.MpiWorker;

internal static class TrainingJob
{
    internal static void Run(TrainingSettings settings)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank {DistributedRun.Rank} is process {Environment.ProcessId}."));
        var context = new MLContext(settings.Seed);
        using var stop = new CancellationTokenSource();
        var steps = new List<double>();
        var options = Options(settings, stop.Token);
        options.MetricsCallback = metrics =>
        {
            if (metrics.Phase == TrainingPhase.Step)
                steps.Add(metrics.TrainingLoss);
            if (settings.Mishap == "throws" && steps.Count == settings.Step)
                throw new InvalidOperationException("the callback has had enough");
            if (settings.Mishap == "cancels" && steps.Count == settings.Step)
                stop.Cancel();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank {DistributedRun.Rank} reports: {metrics.Phase} {metrics.Step} of epoch {metrics.Epoch}"));
        };
        context.Log += (_, line) =>
        {
            if (line.Message.Contains("train together", StringComparison.Ordinal))
                Console.WriteLine(line.Message);
        };
        var data = Data(context, settings);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label").Append(context.MulticlassClassification.Trainers.VisionTransformer(options));
        try
        {
            using var model = pipeline.Fit(data);
            Write(settings, model.LastTransformer, steps, context, data.Schema, model);
        }
        catch (OperationCanceledException e)
        {
            Console.WriteLine($"rank {DistributedRun.Rank} was canceled: {e.Message}");
        }
    }

    private static VisionTransformerTrainer.Options Options(TrainingSettings settings, CancellationToken stop)
    {
        bool other = settings.Mishap == "other-options" && DistributedRun.Rank == settings.Unlucky, noisy = settings.Kind == "noise";
        var architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = 16,
            PatchSize = 8,
            Depth = 3,
            EmbeddingDimension = 24,
            Heads = 2,
            DropPathRate = noisy ? 0.2 : 0,
            ProjectionDropoutRate = noisy ? 0.1 : 0,
            AttentionDropoutRate = noisy ? 0.1 : 0,
        };
        return new()
        {
            FeatureColumnName = "Image",
            ExampleWeightColumnName = settings.Mishap == "heavy-row" ? nameof(PhotoRow.Weight) : null,
            Arch = settings.Pretrained is null ? architecture : null,
            PretrainedModel = settings.Pretrained,
            Strategy = settings.Kind == "probe" ? TrainingStrategy.LinearProbe : settings.Pretrained is null ? null : TrainingStrategy.FineTune,
            Epoch = settings.Kind == "probe" ? null : settings.Epochs,
            BatchSize = settings.Batch,
            GradientAccumulation = settings.Accumulation,
            LearningRate = other ? 1e-3f : settings.Kind == "probe" ? null : 2e-3f,
            Optimizer = settings.Kind == "sgd" ? TrainingOptimizer.Sgd : TrainingOptimizer.AdamW,
            EmaDecay = settings.Kind == "average" ? 0.9f : null,
            Precision = settings.Kind == "bf16" ? TrainingPrecision.BFloat16 : TrainingPrecision.Float32,
            Augmentation = settings.Kind == "mixing" ? TrainingAugmentations.DeiT : null,
            DistributedLearningRate = settings.Scaling,
            Distributed = settings.Off ? DistributedTraining.Off : DistributedTraining.Auto,
            WorkspacePath = settings.Workspace,
            CheckpointInterval = TimeSpan.FromTicks(1),
            ValidationSetFraction = 0.2f,
            CancellationToken = stop,
        };
    }

    private static IDataView Data(MLContext context, TrainingSettings settings)
    {
        var rows = ColoredSamples.Make(settings.PerClass);
        bool unlucky = DistributedRun.Rank == settings.Unlucky;
        if (settings.Mishap == "other-data" && unlucky)
            rows[4].Label = rows[5].Label;
        if (settings.Mishap == "heavy-row")
            return context.Data.LoadFromEnumerable(rows.Select(row => new PhotoRow { Image = row.Image, Label = row.Label, Weight = unlucky && row.Number == 3 ? -1 : 1 }));
        if (settings.Mishap is not ("broken-image" or "other-images"))
            return context.Data.LoadFromEnumerable(rows);
        // Files: that one cannot be decoded comes out only when a batch needs it. All processes have the same one: others would be noticed before the training begins.
        string folder = Directory.CreateTempSubdirectory("vit-mpi-").FullName;
        ColoredSamples.WriteTo(folder, settings.PerClass);
        string[] paths = [.. Directory.EnumerateFiles(folder, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        if (settings.Mishap == "broken-image")
            File.WriteAllBytes(paths[4], [1, 2, 3]);
        else if (unlucky)
            File.Copy(paths[5], paths[4], overwrite: true);
        return context.Data.LoadFromEnumerable(paths.Select(path => new PhotoFile { Image = path, Label = Path.GetFileName(Path.GetDirectoryName(path)!) }));
    }

    private static void Write(
        TrainingSettings settings, VisionTransformerPredictionTransformer model, List<double> steps, MLContext context, DataViewSchema schema, ITransformer chain)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank {DistributedRun.Rank} has a model of {model.TrainingHistory!.TrainingRows} rows"));
        if (settings.Result is not { } folder || !DistributedRun.IsMain)
            return;
        model.SaveAsSafetensors(folder);
        context.Model.Save(chain, schema, Path.Combine(folder, "model.zip"));
        File.WriteAllText(Path.Combine(folder, "history.json"), JsonSerializer.Serialize(new
        {
            Steps = steps,
            Training = model.TrainingHistory.Epochs.Select(e => e.TrainingLoss),
            Validation = model.TrainingHistory.Epochs.Select(e => e.ValidationLoss),
            Accuracy = model.TrainingHistory.Epochs.Select(e => e.ValidationAccuracy),
            Calibration = model.TrainingHistory.Epochs.Select(e => e.ValidationCalibrationError),
        }));
    }

    private sealed class PhotoRow
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";

        public float Weight { get; set; }
    }

    private sealed class PhotoFile
    {
        public string Image { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
