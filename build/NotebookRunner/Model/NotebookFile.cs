// Reads and writes notebooks in the Jupyter format 4.5 (https://nbformat.readthedocs.io); files are written atomically.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Common;

namespace NotebookRunner.Model;

internal static class NotebookFile
{
    internal const string Extension = ".ipynb";

    private const int Format = 4, FormatMinor = 5;

    /// <summary>Like Jupyter's own files, so that saving a notebook there changes little.</summary>
    private static readonly JsonSerializerOptions _style =
        new() { WriteIndented = true, IndentSize = 1, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static void Write(string path, Notebook notebook) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(ToJson(notebook).ToJsonString(_style) + "\n")));

    /// <exception cref="InvalidDataException">The file is not a notebook written by this program.</exception>
    internal static Notebook Read(string path)
    {
        try
        {
            var cells = JsonNode.Parse(File.ReadAllText(path))!["cells"]!.AsArray();
            return new Notebook(Path.GetFileNameWithoutExtension(path), [.. cells.Select(c => ReadCell(c!))]);
        }
        catch (Exception e) when (e is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path} is not a notebook written by this program: {e.Message} Delete it and run the notebooks again.", e);
        }
    }

    private static JsonObject ToJson(Notebook notebook) => new()
    {
        ["cells"] = new JsonArray([.. notebook.Cells.Select(ToJson)]),
        ["metadata"] = new JsonObject
        {
            ["kernelspec"] = new JsonObject { ["display_name"] = ".NET (C#)", ["language"] = "C#", ["name"] = ".net-csharp" },
            ["language_info"] = new JsonObject
            {
                ["file_extension"] = ".cs",
                ["mimetype"] = "text/x-csharp",
                ["name"] = "C#",
                ["pygments_lexer"] = "csharp",
            },
        },
        ["nbformat"] = Format,
        ["nbformat_minor"] = FormatMinor,
    };

    private static JsonObject ToJson(NotebookCell cell)
    {
        var json = new JsonObject { ["cell_type"] = cell.Kind == CellKind.Code ? "code" : "markdown", ["id"] = cell.Id, ["metadata"] = Metadata(cell) };
        if (cell.Kind == CellKind.Code)
        {
            json["execution_count"] = cell.ExecutionCount;
            json["outputs"] = new JsonArray([.. cell.Outputs.Select(ToJson)]);
        }

        json["source"] = Lines(cell.Source);
        return json;
    }

    private static JsonObject Metadata(NotebookCell cell)
    {
        var metadata = new JsonObject();
        if (cell.Tags.Contains(NotebookCell.Folded))
            metadata["jupyter"] = new JsonObject { ["source_hidden"] = true };
        if (cell.Tags.Count > 0)
            metadata["tags"] = new JsonArray([.. cell.Tags.Select(t => JsonValue.Create(t))]);
        return metadata;
    }

    private static JsonObject ToJson(CellOutput output) => output switch
    {
        StreamOutput stream => new() { ["name"] = stream.Name, ["output_type"] = "stream", ["text"] = Lines(stream.Text) },
        DisplayOutput display => new()
        {
            ["data"] = new JsonObject(display.Data.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)Lines(d.Value)))),
            ["metadata"] = new JsonObject(),
            ["output_type"] = "display_data",
        },
        _ => throw new NotSupportedException($"{output.GetType().Name} cannot be stored in a notebook."),
    };

    private static NotebookCell ReadCell(JsonNode cell) => new((string)cell["cell_type"]! == "code" ? CellKind.Code : CellKind.Markdown, Text(cell["source"]!))
    {
        Id = (string)cell["id"]!,
        Tags = [.. cell["metadata"]!["tags"]?.AsArray().Select(t => (string)t!) ?? []],
        ExecutionCount = (int?)cell["execution_count"],
        Outputs = [.. cell["outputs"]?.AsArray().Select(o => ReadOutput(o!)) ?? []],
    };

    private static CellOutput ReadOutput(JsonNode output) => (string)output["output_type"]! switch
    {
        "stream" => new StreamOutput((string)output["name"]!, Text(output["text"]!)),
        "display_data" => new DisplayOutput(output["data"]!.AsObject().ToDictionary(d => d.Key, d => Text(d.Value!))),
        string other => throw new FormatException($"Unknown output type {other}."),
    };

    /// <summary>The format stores text as an array of lines, each with its line feed.</summary>
    private static JsonArray Lines(string text)
    {
        var lines = new JsonArray();
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf('\n', start) is int found and >= 0 ? found + 1 : text.Length;
            lines.Add(text[start..end]);
            start = end;
        }

        return lines;
    }

    private static string Text(JsonNode lines) => lines is JsonArray array ? string.Concat(array.Select(l => (string)l!)) : (string)lines!;
}
