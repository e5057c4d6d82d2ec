// Runs the notebooks in docs/notebooks and saves those whose output changed: `NotebookRunner [--all] [--html <folder>] [--model <folder>] [<name prefix>...]`.
using System.Diagnostics;
using System.Globalization;
using NotebookRunner;
using NotebookRunner.Comparing;
using NotebookRunner.Model;
using NotebookRunner.Programs;
using NotebookRunner.Rendering;
using NotebookRunner.Running;

const string Usage = """
    usage: NotebookRunner [--all] [--html <folder>] [--model <folder>] [<name prefix>...]
      --all     saves every notebook; by default only those with a change other than a measured value
      --html    also writes each notebook as an HTML page
      --model   uses the checkpoint in this folder for the hub id in the notebooks, without a network; by default the model is downloaded
    """;

try
{
    var names = new Queue<string>(args);
    bool all = false;
    string? pages = null, model = null;
    var prefixes = new List<string>();
    while (names.TryDequeue(out string? word))
    {
        if (word == "--all")
            all = true;
        else if (word == "--html" && names.TryDequeue(out string? folder))
            pages = Directory.CreateDirectory(folder).FullName;
        else if (word == "--model" && names.TryDequeue(out string? checkpoint))
            model = checkpoint;
        else if (word.StartsWith('-'))
            return Fail(Usage);
        else
            prefixes.Add(word);
    }

    var programs = NotebookFolder.Programs(prefixes);
    if (programs.Count == 0)
        return Fail($"No program in {NotebookFolder.Path} has a name that starts with {string.Join(" or ", prefixes)}.");
    using var local = model is null ? null : new LocalModel(model);
    foreach (var program in programs)
        await GenerateAsync(program, all, pages);
    return 0;
}
catch (Exception e) when (e is NotebookCellException or InvalidDataException or IOException or UnauthorizedAccessException)
{
    return Fail(e.Message);
}

static async Task GenerateAsync(NotebookProgram program, bool all, string? pages)
{
    var clock = Stopwatch.StartNew();
    var notebook = await NotebookRun.RunAsync(program);
    var saved = all ? null : NotebookFolder.Saved(program);
    bool changed = saved is null || NotebookComparison.Differences(saved, notebook).Count > 0;
    if (changed)
        NotebookFile.Write(program.NotebookPath, notebook);
    if (pages is not null)
        NotebookPage.Write(Path.Combine(pages, notebook.Name + ".html"), changed ? notebook : saved!);
    string seconds = clock.Elapsed.TotalSeconds.ToString("f1", CultureInfo.InvariantCulture);
    Console.WriteLine($"{notebook.Name}: {notebook.Cells.Count} cells, {seconds} s, {(changed ? "saved" : "unchanged")}");
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 1;
}
