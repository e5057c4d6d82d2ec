// Runs every cell of a notebook, from top to bottom, as one C# script.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.CodeAnalysis.Scripting.Hosting;
using NotebookRunner.Model;
using NotebookRunner.Programs;

namespace NotebookRunner.Running;

/// <summary>Only one run at a time per process, because it redirects the console and changes the current folder, as a kernel does, to the notebook's.</summary>
internal static class NotebookRun
{
    /// <summary>Runs the notebook.</summary>
    /// <returns>The notebook with the outputs of its cells.</returns>
    /// <exception cref="NotebookCellException">A cell does not compile, or fails.</exception>
    internal static async Task<Notebook> RunAsync(NotebookProgram program)
    {
        var record = new OutputRecord();
        var (output, error, folder) = (Console.Out, Console.Error, Environment.CurrentDirectory);
        Environment.CurrentDirectory = Path.GetDirectoryName(Path.GetFullPath(program.Path))!;
        Console.SetOut(record.Writer("stdout"));
        Console.SetError(record.Writer("stderr"));
        try
        {
            return program.Notebook with { Cells = await RunCellsAsync(program, record) };
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
            Environment.CurrentDirectory = folder;
        }
    }

    private static async Task<IReadOnlyList<NotebookCell>> RunCellsAsync(NotebookProgram program, OutputRecord record)
    {
        var cells = new List<NotebookCell>();
        using var loader = Loader();
        var host = new CellHost(record);
        ScriptState<object>? state = null;
        foreach (var cell in program.Notebook.Cells)
        {
            if (cell.Kind == CellKind.Markdown)
            {
                cells.Add(cell);
                continue;
            }

            // Line 0 is the package cell, which the assembly references replace.
            if (cell.Line > 0)
                state = await RunCellAsync(program, cell, cells.Count, state, host, loader);
            int count = 1 + cells.Count(c => c.Kind == CellKind.Code);
            cells.Add(cell with { Outputs = record.Take(), ExecutionCount = count });
        }

        return cells;
    }

    private static async Task<ScriptState<object>> RunCellAsync(
        NotebookProgram program, NotebookCell cell, int index, ScriptState<object>? state, CellHost host, InteractiveAssemblyLoader loader)
    {
        // Makes errors refer to lines of the program.
        string code = $"#line {cell.Line} \"{Path.GetFileName(program.Path)}\"\n{cell.Source}";
        try
        {
            if (state is not null)
                return await state.ContinueWithAsync(code);
            return await CSharpScript.Create(code, Options(program), typeof(CellHost), loader).RunAsync(host);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw NotebookCellException.Of(program, index + 1, cell, e);
        }
    }

    private static ScriptOptions Options(NotebookProgram program) => ScriptOptions.Default
        .WithReferences(PackageAssemblies.References(program))
        .WithOptimizationLevel(OptimizationLevel.Release)
        .WithEmitDebugInformation(true)
        .WithFileEncoding(System.Text.Encoding.UTF8);

    /// <summary>The script shares the assemblies of this process; a second copy of an assembly would define distinct types.</summary>
    private static InteractiveAssemblyLoader Loader()
    {
        var loader = new InteractiveAssemblyLoader();
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic && a.Location.Length > 0))
            loader.RegisterDependency(assembly);
        return loader;
    }
}
