// One training, from its settings to the model, its test and its report.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal sealed class TrainingSession
{
    private readonly CommandContext _shell;
    private readonly SessionSettings _settings;
    private readonly TrainRequest _request;
    private readonly MLContext _context;

    /// <exception cref="UsageException">The settings are not right.</exception>
    internal TrainingSession(CommandContext shell, SessionSettings settings)
    {
        (_shell, _settings) = (shell, settings);
        _request = TrainerOptions.Read(settings.Values);
        _context = shell.NewContext(_request.Seed);
    }

    private string Out => _request.Out!;

    /// <summary>Of processes that train together one writes.</summary>
    private bool Writes => _shell.Group.IsMain;

    /// <summary>Trains, saves, judges; gives the exit code.</summary>
    internal int Run()
    {
        if (Writes)
        {
            _settings.Folder.RefuseOther(_settings.Resumes, ShownPath.Of(Out));
            OutputFile.Prepare(Out);
        }

        string? report = _request.NoReport || !Writes ? null : OutputFile.Prepare(_request.Report ?? Path.ChangeExtension(Out, ".html"));
        var options = TrainerOptions.Complete(_request, _shell.WriteMessage, _shell.Cancellation);
        var (trainer, display) = Trainer(options);
        var split = ReadImages();
        if (TrainerOptions.Augment(_request, split.Training.Length))
            (trainer, display) = Trainer(options);
        int classes = split.Training.Select(image => image.Label).Distinct(StringComparer.Ordinal).Count();
        _shell.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"{split.Training.Length} images of {classes} classes to train on, {split.Test.Length} to judge on."));
        if (!_settings.Resumes && Writes)
            _settings.Folder.Begin(_settings.Values);
        _shell.Group.Barrier();    // from here to its end the processes meet in the training
        using var model = Fit(trainer, display, split.Training);
        var history = model.Network.TrainingHistory!;
        if (Writes)
            _shell.WriteMessage($"{TrainingSentence.Of(history)} {Sizes.Of(Out)}");
        if (history.Cancelled)
        {
            _shell.WriteMessage($"Interrupted. {ShownPath.Of(Out)} has the best weights so far; go on with: {Tool.Name} train --resume --out {ShownPath.Of(Out)}");
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
        var images = LabeledImages.Read(_context, _request.Data!);
        return _request.TestData is not null
            ? new TestSplit(images, LabeledImages.Read(_context, _request.TestData))
            : TestSplit.Cut(images, _request.TestFraction ?? TrainRequest.DefaultTestFraction, _request.Seed);
    }

    private (VisionTransformerTrainer Trainer, DisplayLink Display) Trainer(VisionTransformerTrainer.Options options)
    {
        var display = new DisplayLink();
        options.LabelColumnName = LabeledImage.LabelColumn;
        options.FeatureColumnName = LabeledImage.ImageColumn;
        options.MetricsCallback = display.Training;
        try
        {
            return (_context.MulticlassClassification.Trainers.VisionTransformer(options), display);
        }
        catch (ArgumentException e)
        {
            throw TrainerOptions.Refused(e);
        }
    }

    /// <summary>Trains and saves; an error before the first checkpoint leaves no run behind.</summary>
    private Classifier Fit(VisionTransformerTrainer trainer, DisplayLink display, LabeledImage[] images)
    {
        var data = InputColumns.OfTraining.Load(_context, images);
        var pipeline = _context.Transforms.Conversion.MapValueToKey(LabeledImage.LabelColumn, keyOrdinality: Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(trainer)
            .Append(_context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        try
        {
            var model = _shell.WithProgress(shown => display.During(shown, () => pipeline.Fit(data)));
            return MLNetModel.Owned(model, () =>
            {
                if (Writes)
                    OutputFile.Write(Path.GetFullPath(Out), stream => _context.Model.Save(model, data.Schema, stream));
                return Classifier.Of(_context, model, data.Schema, Out);
            });
        }
        catch (InvalidImageException e)
        {
            Forget();
            throw new InvalidDataException($"{FailureMessage.Of(e)} (--on-invalid-image skip leaves such images out.)", e);
        }
        catch
        {
            Forget();
            throw;
        }
    }

    private void Forget()
    {
        if (Writes)
            _settings.Folder.ForgetUnlessBegun();
    }

    private void EvaluateAndReport(Classifier model, TestSplit split, string? report)
    {
        bool skips = _request.Options.OnInvalidImage == InvalidImageHandling.Skip;
        string list = Path.ChangeExtension(Out, ".test.csv");
        if (_request.TestData is null && Writes)
            LabeledImages.WriteTable(Path.GetFullPath(list), split.Test);
        var evaluation = _shell.WithProgress(display => Evaluator.Run(model, split.Test, skips, _shell, display));
        EvaluationWriter.Write(_shell.Out, model.Classes.Names, evaluation.Evaluation, OutputFormat.Text);
        if (report is not null)
            WriteReport(report, Content(model, split, evaluation));
    }

    private ReportContent Content(Classifier model, TestSplit split, EvaluatedImages? evaluation) => ModelReport.OfTraining(model, Out, _settings.Values, split, evaluation);

    private void WriteReport(string path, ReportContent content)
    {
        HtmlReport.Write(path, content);
        _shell.WriteMessage($"Report: {ShownPath.Of(path)}");
    }
}
