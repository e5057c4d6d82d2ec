// A cell that does not compile or that ended with an error: which notebook, cell and line, and why.
using System.Diagnostics;
using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Scripting;
using NotebookRunner.Model;
using NotebookRunner.Twins;

namespace NotebookRunner.Running;

internal sealed class NotebookCellException : Exception
{
    private NotebookCellException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <param name="twin">The notebook's program.</param>
    /// <param name="number">The place of the cell in the notebook, from 1, text included.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="error">What running it threw.</param>
    internal static NotebookCellException Of(Twin twin, int number, NotebookCell cell, Exception error)
    {
        string file = Path.GetFileName(twin.Path);
        var (line, reason) = error is CompilationErrorException compilation ? OfCompiler(compilation) : (LineOf(error, file), $"{error.GetType().Name}: {error.Message}");
        string inCell = line is int l ? $", line {l - cell.Line + 1} (line {l} of {file})" : "";
        return new NotebookCellException($"{twin.Notebook.Name}, cell {number}{inCell}: {reason}", error);
    }

    private static (int? Line, string Reason) OfCompiler(CompilationErrorException error)
    {
        var first = error.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error);
        return (first.Location.GetMappedLineSpan().StartLinePosition.Line + 1, $"{first.Id}: {first.GetMessage(CultureInfo.InvariantCulture)}");
    }

    /// <summary>The innermost line of the program on the error's stack.</summary>
    private static int? LineOf(Exception error, string file) =>
        new StackTrace(error, fNeedFileInfo: true).GetFrames()
            .Where(f => f.GetFileName() is string name && Path.GetFileName(name) == file)
            .Select(f => (int?)f.GetFileLineNumber())
            .FirstOrDefault();
}
