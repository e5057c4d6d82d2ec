// Runs every cell of a notebook, from top to bottom, as one C# script.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.CodeAnalysis.Scripting.Hosting;
using NotebookRunner.Model;
using NotebookRunner.Twins;
using TorchSharp;

namespace NotebookRunner.Running;

/// <summary>One at a time in a process: while it goes on, the console is the notebook's.</summary>
internal static class NotebookRun
{
    /// <summary>The notebook with what its cells put out.</summary>
    /// <exception cref="NotebookCellException">A cell does not compile, or ended with an error.</exception>
    internal static async Task<Notebook> RunAsync(Twin twin)
    {
        // Networks this small gain nothing from several threads, and lose much where other programs keep the processors busy.
        torch.set_num_threads(1);
        var record = new OutputRecord();
        var (output, error) = (Console.Out, Console.Error);
        Console.SetOut(record.Writer("stdout"));
        Console.SetError(record.Writer("stderr"));
        try
        {
            return twin.Notebook with { Cells = await RunCellsAsync(twin, record) };
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    private static async Task<IReadOnlyList<NotebookCell>> RunCellsAsync(Twin twin, OutputRecord record)
    {
        var cells = new List<NotebookCell>();
        using var loader = Loader();
        var host = new CellHost(record);
        ScriptState<object>? state = null;
        foreach (var cell in twin.Notebook.Cells)
        {
            if (cell.Kind == CellKind.Markdown)
            {
                cells.Add(cell);
                continue;
            }

            // Line 0: the packages, which the references stand for.
            if (cell.Line > 0)
                state = await RunCellAsync(twin, cell, cells.Count, state, host, loader);
            int count = 1 + cells.Count(c => c.Kind == CellKind.Code);
            cells.Add(cell with { Outputs = record.Take(), ExecutionCount = count });
        }

        return cells;
    }

    private static async Task<ScriptState<object>> RunCellAsync(
        Twin twin, NotebookCell cell, int index, ScriptState<object>? state, CellHost host, InteractiveAssemblyLoader loader)
    {
        // Errors then name the lines of the program.
        string code = $"#line {cell.Line} \"{Path.GetFileName(twin.Path)}\"\n{cell.Source}";
        try
        {
            if (state is not null)
                return await state.ContinueWithAsync(code);
            return await CSharpScript.Create(code, Options(twin), typeof(CellHost), loader).RunAsync(host);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw NotebookCellException.Of(twin, index + 1, cell, e);
        }
    }

    private static ScriptOptions Options(Twin twin) => ScriptOptions.Default
        .WithReferences(PackageAssemblies.References(twin))
        .WithOptimizationLevel(OptimizationLevel.Release)
        .WithEmitDebugInformation(true)
        .WithFileEncoding(System.Text.Encoding.UTF8);

    /// <summary>The script shares the assemblies of this process; a second copy of one would have types of its own.</summary>
    private static InteractiveAssemblyLoader Loader()
    {
        var loader = new InteractiveAssemblyLoader();
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic && a.Location.Length > 0))
            loader.RegisterDependency(assembly);
        return loader;
    }
}
