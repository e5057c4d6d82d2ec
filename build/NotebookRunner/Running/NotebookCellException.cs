// The exception for a cell that does not compile or fails, with notebook, cell, line and reason.
using System.Diagnostics;
using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Scripting;
using NotebookRunner.Model;
using NotebookRunner.Programs;

namespace NotebookRunner.Running;

internal sealed class NotebookCellException : Exception
{
    private NotebookCellException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <param name="program">The notebook's program.</param>
    /// <param name="number">The position of the cell in the notebook, from 1, including text cells.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="error">The exception of the cell.</param>
    internal static NotebookCellException Of(NotebookProgram program, int number, NotebookCell cell, Exception error)
    {
        string file = Path.GetFileName(program.Path);
        var (line, reason) = error is CompilationErrorException compilation
            ? OfCompiler(compilation)
            : (LineOf(error, file), $"{error.GetType().Name}: {error.Message}");
        string inCell = line is int l ? $", line {l - cell.Line + 1} (line {l} of {file})" : "";
        return new NotebookCellException($"{program.Notebook.Name}, cell {number}{inCell}: {reason}", error);
    }

    private static (int? Line, string Reason) OfCompiler(CompilationErrorException error)
    {
        var first = error.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error);
        return (first.Location.GetMappedLineSpan().StartLinePosition.Line + 1, $"{first.Id}: {first.GetMessage(CultureInfo.InvariantCulture)}");
    }

    /// <summary>The innermost line of the program on the stack trace.</summary>
    private static int? LineOf(Exception error, string file) =>
        new StackTrace(error, fNeedFileInfo: true).GetFrames()
            .Where(f => f.GetFileName() is string name && Path.GetFileName(name) == file)
            .Select(f => (int?)f.GetFileLineNumber())
            .FirstOrDefault();
}
