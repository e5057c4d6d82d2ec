// Runs the notebooks of docs/notebooks and saves them where an output changed: `NotebookRunner [--all] [--html folder] [beginning of a name...]`.
using System.Diagnostics;
using System.Globalization;
using NotebookRunner;
using NotebookRunner.Comparing;
using NotebookRunner.Model;
using NotebookRunner.Rendering;
using NotebookRunner.Running;
using NotebookRunner.Twins;

const string Usage = """
    usage: NotebookRunner [--all] [--html <folder>] [<beginning of a name>...]
      --all     saves every notebook; else those where something changed that is not a measurement
      --html    writes each notebook as a page, too
    """;

try
{
    var names = new Queue<string>(args);
    bool all = false;
    string? pages = null;
    var beginnings = new List<string>();
    while (names.TryDequeue(out string? word))
    {
        if (word == "--all")
            all = true;
        else if (word == "--html" && names.TryDequeue(out string? folder))
            pages = Directory.CreateDirectory(folder).FullName;
        else if (word.StartsWith('-'))
            return Fail(Usage);
        else
            beginnings.Add(word);
    }

    var twins = NotebookFolder.Twins(beginnings);
    if (twins.Count == 0)
        return Fail($"No program in {NotebookFolder.Path} has a name that starts with {string.Join(" or ", beginnings)}.");
    foreach (var twin in twins)
        await MakeAsync(twin, all, pages);
    return 0;
}
catch (Exception e) when (e is NotebookCellException or InvalidDataException or IOException or UnauthorizedAccessException)
{
    return Fail(e.Message);
}

static async Task MakeAsync(Twin twin, bool all, string? pages)
{
    var clock = Stopwatch.StartNew();
    var notebook = await NotebookRun.RunAsync(twin);
    var saved = all ? null : NotebookFolder.Saved(twin);
    bool changed = saved is null || NotebookComparison.Differences(saved, notebook).Count > 0;
    if (changed)
        NotebookFile.Write(twin.NotebookPath, notebook);
    if (pages is not null)
        NotebookPage.Write(Path.Combine(pages, notebook.Name + ".html"), changed ? notebook : saved!);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{notebook.Name}: {notebook.Cells.Count} cells, {clock.Elapsed.TotalSeconds:f1} s, {(changed ? "saved" : "unchanged")}"));
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 1;
}
