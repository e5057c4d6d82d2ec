// One run of train: trains, saves the model, evaluates it, and writes the report.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Progress;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal sealed class TrainingSession
{
    private readonly CommandContext _context;
    private readonly SessionSettings _settings;
    private readonly TrainRequest _request;
    private readonly MLContext _mlContext;

    /// <exception cref="UsageException">A setting is missing or invalid.</exception>
    internal TrainingSession(CommandContext context, SessionSettings settings)
    {
        (_context, _settings) = (context, settings);
        _request = TrainerOptions.Read(settings.Values);
        _mlContext = context.CreateMLContext(_request.Seed);
    }

    private string Out => _request.Out!;

    /// <summary>Whether this process writes files: in a process group only rank 0 does.</summary>
    private bool Writes => _context.Group.IsMain;

    /// <summary>Trains, saves and evaluates the model.</summary>
    /// <returns>The exit code.</returns>
    internal int Run()
    {
        if (Writes)
        {
            _settings.Folder.ThrowIfUnfinished(_settings.Resumes, DisplayPath.Of(Out));
            OutputFile.Prepare(Out);
        }

        string? report = _request.NoReport || !Writes ? null : OutputFile.Prepare(_request.Report ?? Path.ChangeExtension(Out, ".html"));
        var options = TrainerOptions.Complete(_request, _context.WriteMessage, _context.Cancellation);
        var (trainer, progress) = CreateTrainer(options);
        var split = ReadImages();
        if (TrainerOptions.Augment(_request, split.Training.Length))
            (trainer, progress) = CreateTrainer(options);
        int classes = split.Training.Select(image => image.Label).Distinct(StringComparer.Ordinal).Count();
        _context.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"{split.Training.Length} training images of {classes} classes, {split.Test.Length} test images."));
        if (!_settings.Resumes && Writes)
            _settings.Folder.Begin(_settings.Values);
        _context.Group.Barrier();    // from here on the training itself synchronizes the processes
        using var model = Fit(trainer, progress, split.Training);
        var history = model.Network.TrainingHistory!;
        if (Writes)
            _context.WriteMessage($"{TrainingSummary.Of(history)} {SavedMessage()}");
        if (history.Cancelled)
        {
            _context.WriteMessage($"Interrupted. {DisplayPath.Of(Out)} has the best weights so far. Resume with: {Tool.Name} train --resume --out {DisplayPath.Of(Out)}");
            return ExitCode.Interrupted;
        }

        if (Writes)
            _settings.Folder.End();
        if (split.Test.Length > 0)
            EvaluateAndReport(model, split, report);
        else if (report is not null)
            WriteReport(report, Content(model, split, null));
        return ExitCode.Done;
    }

    private TestSplit ReadImages()
    {
        var images = LabeledImages.Read(_mlContext, _request.Data!);
        return _request.TestData is not null
            ? new TestSplit(images, LabeledImages.Read(_mlContext, _request.TestData))
            : TestSplit.Cut(images, _request.TestFraction ?? TrainRequest.DefaultTestFraction, _request.Seed);
    }

    private (VisionTransformerTrainer Trainer, ProgressForwarder Progress) CreateTrainer(VisionTransformerTrainer.Options options)
    {
        var progress = new ProgressForwarder();
        options.LabelColumnName = LabeledImage.LabelColumn;
        options.FeatureColumnName = LabeledImage.ImageColumn;
        options.MetricsCallback = progress.Training;
        try
        {
            return (_mlContext.MulticlassClassification.Trainers.VisionTransformer(options), progress);
        }
        catch (ArgumentException e)
        {
            throw TrainerOptions.Refused(e);
        }
    }

    /// <summary>Trains and saves. An error before the first checkpoint leaves no unfinished run.</summary>
    private Classifier Fit(VisionTransformerTrainer trainer, ProgressForwarder progress, LabeledImage[] images)
    {
        var data = InputColumns.OfTraining.Load(_mlContext, images);
        var pipeline = _mlContext.Transforms.Conversion.MapValueToKey(LabeledImage.LabelColumn, keyOrdinality: Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(trainer)
            .Append(_mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        try
        {
            var model = _context.WithProgress(display => progress.During(display, () => pipeline.Fit(data)));
            return MLNetModel.Owned(model, () =>
            {
                if (Writes)
                    OutputFile.Write(Path.GetFullPath(Out), stream => _mlContext.Model.Save(model, data.Schema, stream));
                return Classifier.Of(_mlContext, model, data.Schema, Out);
            });
        }
        catch (InvalidImageException e)
        {
            CleanUp();
            throw new InvalidDataException($"{FailureMessage.Of(e)} (--on-invalid-image skip leaves such images out.)", e);
        }
        catch
        {
            CleanUp();
            throw;
        }
    }

    private string SavedMessage() => string.Create(CultureInfo.InvariantCulture, $"Saved {DisplayPath.Of(Out)} ({new FileInfo(Out).Length / 1e6:F1} MB).");

    private void CleanUp()
    {
        if (Writes)
            _settings.Folder.DeleteUnlessCheckpointed();
    }

    private void EvaluateAndReport(Classifier model, TestSplit split, string? report)
    {
        bool skips = _request.Options.OnInvalidImage == InvalidImageHandling.Skip;
        string list = Path.ChangeExtension(Out, ".test.csv");
        if (_request.TestData is null && Writes)
            LabeledImages.WriteTable(Path.GetFullPath(list), split.Test);
        var evaluation = _context.WithProgress(display => Evaluator.Run(model, split.Test, skips, _context, display));
        EvaluationWriter.Write(_context.Out, model.Classes.Names, evaluation.Evaluation, OutputFormat.Text);
        if (report is not null)
            WriteReport(report, Content(model, split, evaluation));
    }

    private ReportContent Content(Classifier model, TestSplit split, EvaluatedImages? evaluation) => ModelReport.OfTraining(model, Out, _settings.Values, split, evaluation);

    private void WriteReport(string path, ReportContent content)
    {
        HtmlReport.Write(path, content);
        _context.WriteMessage($"Report: {DisplayPath.Of(path)}");
    }
}
