// One run of train: checks inputs and outputs, trains, saves the model, evaluates it, and writes the report.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Progress;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal sealed class TrainingSession
{
    private readonly CommandContext _context;
    private readonly SessionSettings _settings;
    private readonly TrainRequest _request;
    private readonly TrainingOutputs _outputs;
    private readonly MLContext _mlContext;
    private readonly bool _force;
    private bool _saved;

    /// <param name="context">The context of the command.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="force">Whether the files of an earlier run may be replaced. A resumed run always replaces its own.</param>
    /// <exception cref="UsageException">A setting is missing or invalid.</exception>
    internal TrainingSession(CommandContext context, SessionSettings settings, bool force)
    {
        (_context, _settings, _force) = (context, settings, force);
        _request = TrainerOptions.Read(settings.Values);
        _outputs = new TrainingOutputs(_request, force || settings.Resumes);
        _mlContext = context.CreateMLContext(_request.Seed, needsLibtorch: true);
    }

    /// <summary>Whether this process writes files: in a process group only rank 0 does.</summary>
    private bool Writes => _context.Group.IsMain;

    /// <summary>Trains, saves and evaluates the model.</summary>
    /// <returns>The exit code.</returns>
    internal int Run()
    {
        if (Writes)
        {
            if (!_force && !_settings.Resumes)
                _settings.Folder.ThrowIfUnfinished(_outputs.Model);
            _outputs.Check(_settings.Folder.Path, [.. new[] { _request.Data, _request.TestData, _request.Options.PretrainedModel }.OfType<string>()]);
            if (_force && !_settings.Resumes)
                _settings.Folder.End();    // of an unfinished run
        }

        try
        {
            return CheckAndTrain();
        }
        catch (OperationCanceledException e) when (!_saved)
        {
            throw new OperationCanceledException($"Interrupted. {NothingSaved()}", e);
        }
        finally
        {
            if (Writes)
                _settings.Folder.DeleteIfEmpty();
        }
    }

    private int CheckAndTrain()
    {
        var options = TrainerOptions.Complete(_request, _context.WriteMessage, _context.Cancellation);
        var (trainer, progress) = CreateTrainer(options);
        var split = ReadImages();
        if (TrainerOptions.Augment(_request, split.Training.Length))
            (trainer, progress) = CreateTrainer(options);
        int classes = split.Training.Select(image => image.Label).Distinct(StringComparer.Ordinal).Count();
        _context.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"{split.Training.Length:N0} training images in {(classes == 1 ? "1 class" : $"{classes:N0} classes")}, {split.Test.Length:N0} test {(split.Test.Length == 1 ? "image" : "images")}."));
        if (Writes)
        {
            OutputFile.PrepareFolder(_settings.Folder.Path);    // after the images are listed: it may be in their folder
            var architecture = TrainerOptions.ArchitectureOf(_request, options, _context.Cancellation);
            _outputs.CheckSpace(architecture.CountParameters(), _settings.Folder.Path);
            ImageCheck.Run(split, options, _context);
            if (!_settings.Resumes && _request.TrainsFromScratch)
                _context.WriteMessage(ScratchAdvice.For(_settings.Values, architecture, options, split.Training.Length));
            if (!_settings.Resumes)
                _settings.Folder.Begin(_settings.Values);
        }

        _context.Group.Barrier();    // from here on the training itself synchronizes the processes
        using var model = Fit(trainer, progress, split);
        if (model is null)
            return ExitCode.Interrupted;
        var history = model.Network.TrainingHistory!;
        if (Writes)
            _context.WriteMessage($"{TrainingSummary.Of(history)} {_outputs.SavedMessage()}");
        if (history.Cancelled)
        {
            _context.WriteMessage($"Interrupted. {DisplayPath.Of(_outputs.Model)} has the best weights so far. {ResumeAdvice()}");
            return ExitCode.Interrupted;
        }

        try
        {
            EvaluateAndReport(model, split);
        }
        finally
        {
            if (Writes)
                _settings.Folder.End();    // not earlier: after a power failure --resume then writes the report
        }

        return ExitCode.Done;
    }

    private TestSplit ReadImages()
    {
        var images = LabeledImages.Read(_mlContext, "--data", _request.Data!, _context.WriteMessage);
        if (_request.TestData is null)
            return TestSplit.Cut(images, _request.TestFraction ?? TrainRequest.DefaultTestFraction, _request.Seed);
        var test = LabeledImages.Read(_mlContext, "--test-data", _request.TestData, _context.WriteMessage);
        var classes = new ModelClasses([.. images.Select(image => image.Label).Distinct(StringComparer.Ordinal)]);
        return test.FirstOrDefault(image => classes.Find(image.Label) is null) is { } stranger
            ? throw new InvalidDataException($"--test-data: {MessageText.OfPath(stranger.Image)} {classes.ReasonForNoMatch(stranger.Label)}")
            : new TestSplit(images, test);
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
    /// <returns>The model; null if the training was interrupted before the end of its first epoch, and nothing was saved.</returns>
    private Classifier? Fit(VisionTransformerTrainer trainer, ProgressForwarder progress, TestSplit split)
    {
        var data = InputColumns.OfTraining.Load(_mlContext, split.Training);
        var pipeline = _mlContext.Transforms.Conversion.MapValueToKey(LabeledImage.LabelColumn, keyOrdinality: Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(trainer)
            .Append(_mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        try
        {
            var model = _context.WithProgress(display => progress.During(display, () => pipeline.Fit(data)));
            var classifier = Classifier.Of(_mlContext, model, data.Schema, _outputs.Model);
            return MLNetModel.Owned(model, () =>
            {
                if (classifier.Network.TrainingHistory is { Cancelled: true, Epochs.Count: 0 })
                {
                    ReportNothingSaved();
                    classifier.Dispose();
                    return null;
                }

                if (Writes)
                    _outputs.Save(stream => _mlContext.Model.Save(model, data.Schema, stream), _request.TestData is null ? split.Test : []);
                _saved = true;
                return classifier;
            });
        }
        catch (InvalidImageException e)
        {
            CleanUp();
            throw new InvalidDataException($"{FailureMessage.Of(e)} {ImageProblem.SkipAdvice}", e);
        }
        catch
        {
            CleanUp();
            throw;
        }
    }

    private void ReportNothingSaved()
    {
        if (!Writes)
            return;
        bool resumable = !_settings.Folder.DeleteUnlessCheckpointed();
        _context.WriteMessage($"Interrupted before the end of the first epoch. {NothingSaved()}{(resumable ? $" {ResumeAdvice()}" : "")}");
    }

    private string NothingSaved() => File.Exists(_outputs.Model) ? $"{DisplayPath.Of(_outputs.Model)} is unchanged." : "No model was saved.";

    private string ResumeAdvice() => $"Resume with: {Tool.Name} train --resume --out {DisplayPath.Argument(_outputs.Model)}";

    private void CleanUp()
    {
        if (Writes)
            _settings.Folder.DeleteUnlessCheckpointed();
    }

    /// <summary>The model is saved by now: an error says so, and with which command the evaluation can be repeated.</summary>
    private void EvaluateAndReport(Classifier model, TestSplit split)
    {
        try
        {
            var evaluation = split.Test.Length > 0 ? Evaluate(model, split.Test) : null;
            if (evaluation is not null)
                EvaluationWriter.Write(_context.Out, model.Classes.Names, evaluation.Evaluation, OutputFormat.Text);
            if (_outputs.Report is not { } report || !Writes)
                return;
            HtmlReport.Write(report, ModelReport.OfTraining(model, _outputs.Model, _settings.Values, split, evaluation));
            _context.WriteMessage($"Report: {DisplayPath.Of(report)}");
        }
        catch (Exception e) when (Writes && e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new IOException($"{FailureMessage.Of(e).TrimEnd('.')}. The model is saved. {_outputs.EvaluateAdvice(_request.TestData)}", e);
        }
        catch (OperationCanceledException e) when (Writes)
        {
            throw new OperationCanceledException($"Interrupted. The model is saved. {_outputs.EvaluateAdvice(_request.TestData)}", e);
        }
    }

    private EvaluatedImages Evaluate(Classifier model, LabeledImage[] images) =>
        _context.WithProgress(display => Evaluator.Run(model, images, _request.Options.OnInvalidImage == InvalidImageHandling.Skip, _context, display));
}
