// The files that a training writes: the model, the list of test images, and the report.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

/// <summary>
/// They belong together. Model and list are written under temporary names and renamed together, and the report of an earlier model is deleted with them, so a
/// report is never stored beside a model that it does not describe.
/// </summary>
internal sealed class TrainingOutputs
{
    /// <summary>What a checkpoint stores for each parameter: the weights, their best values, an average, and two moments of the optimizer.</summary>
    private const int CheckpointValues = 5;

    private readonly bool _force;
    private readonly string? _table;

    /// <param name="request">The settings.</param>
    /// <param name="force">Whether existing files may be replaced.</param>
    internal TrainingOutputs(TrainRequest request, bool force)
    {
        _force = force;
        Model = Path.GetFullPath(request.Out!);
        Report = request.NoReport ? null : Path.GetFullPath(request.Report ?? Path.ChangeExtension(Model, ".html"));
        _table = request.TestData is null && request.TestFraction != 0 ? LabeledImages.TestListOf(Model) : null;
        if (Report is not null && OutputFile.IsSameFile(Report, Model))
            throw new UsageException("--report and --out are the same file; choose another name for one of them.");
        if (Report is not null && _table is not null && OutputFile.IsSameFile(Report, _table))
            throw new UsageException($"--report is {MessageText.OfPath(DisplayPath.Of(_table))}, the list of test images; choose another name for the report.");
    }

    /// <summary>Full path of the model file.</summary>
    internal string Model { get; }

    /// <summary>Full path of the report; null if none is written.</summary>
    internal string? Report { get; }

    /// <summary>Checks that every file can be written and that no file exists, unless it may be replaced.</summary>
    /// <param name="workspace">The workspace folder.</param>
    /// <param name="inputs">Files that the training reads.</param>
    /// <exception cref="IOException">A file exists, or a folder cannot be written to.</exception>
    internal void Check(string workspace, params IEnumerable<string> inputs)
    {
        string[] outputs = [.. new[] { Model, Report, _table }.OfType<string>()];
        if (Array.Find(outputs, output => OutputFile.IsSameFile(output, workspace)) is { } taken)
            throw new UsageException($"{MessageText.OfPath(DisplayPath.Of(taken))} is also the workspace folder; choose another name, or set --workspace.");
        foreach (string path in outputs)
            OutputFile.Prepare(DisplayPath.Of(path), _force, inputs);
    }

    /// <summary>Checks that the disks have space for the model and for the checkpoints of the training.</summary>
    /// <exception cref="IOException">There is too little space.</exception>
    internal void CheckSpace(long parameters, string workspace)
    {
        OutputFile.CheckSpace(Path.GetDirectoryName(Model)!, parameters * sizeof(float), "The model");
        OutputFile.CheckSpace(workspace, parameters * sizeof(float) * CheckpointValues, "Training, with its checkpoint and the model,");
    }

    /// <summary>Saves the model and the list of its test images, and deletes the report of an earlier model.</summary>
    /// <exception cref="IOException">A file cannot be written; the earlier files are unchanged.</exception>
    internal void Save(Action<Stream> model, IReadOnlyList<LabeledImage> test)
    {
        using var files = new FileSet(Model);
        files.Write(Model, model);
        if (_table is not null && test.Count > 0)
            files.Write(_table, stream => OutputFile.WriteText(stream, writer => LabeledImages.WriteTable(writer, test)));
        if (Report is not null)
            files.Remove(Report);
        files.Commit();
    }

    internal string SavedMessage() => string.Create(CultureInfo.InvariantCulture, $"Saved {DisplayPath.Of(Model)} ({new FileInfo(Model).Length / 1e6:F1} MB).");

    /// <summary>The command that evaluates the saved model.</summary>
    internal string EvaluateAdvice(string? testData)
    {
        string report = Report is null ? "" : $" --report {DisplayPath.Argument(Report)}";
        return (testData ?? _table) is not { } data
            ? ""
            : $"Evaluate it with: {Tool.Name} evaluate {DisplayPath.Argument(Model)} --data {DisplayPath.Argument(data)}{report}";
    }
}
