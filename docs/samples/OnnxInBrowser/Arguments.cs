// Parses and checks the command line, and has the help.
using System.Globalization;
using System.Net;

namespace OnnxInBrowser;

/// <param name="Model">Full path of the ONNX file.</param>
/// <param name="Port">Port of the page; 0 selects a free port.</param>
internal sealed record Arguments(string Model, int Port)
{
    private const int DefaultPort = 5080;

    internal static readonly string Usage = string.Create(CultureInfo.InvariantCulture,
        $"""
        Serves a page on this machine that classifies photos in the browser with an ONNX file.

        OnnxInBrowser <model.onnx> [options]

        The file is one that SaveAsOnnx wrote with Input = OnnxInput.RawRgb. The first start fetches onnxruntime-web with npm, which comes with Node.js.

          --port N     port of the page; 0 takes a free one (default {DefaultPort})
          --help       this text

        Exit codes: 0 done, 1 failed, 2 wrong arguments.
        """);

    /// <exception cref="UsageException">An argument is invalid; the message names it.</exception>
    internal static Arguments Parse(string[] args)
    {
        string? model = null;
        int port = DefaultPort;
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--port")
                port = ReadPort(++i < args.Length ? args[i] : throw new UsageException("--port needs a value."));
            else if (args[i].StartsWith('-'))
                throw new UsageException($"'{args[i]}' is not an option.");
            else
                model = model is null ? args[i] : throw new UsageException($"One ONNX file is served; {model} and {args[i]} are two.");
        }

        if (model is null)
            throw new UsageException("Which ONNX file?");
        return File.Exists(model) ? new Arguments(Path.GetFullPath(model), port) : throw new UsageException($"The file {model} is not there.");
    }

    private static int ReadPort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--port {text} is not a number from 0 to {IPEndPoint.MaxPort}."));
}
