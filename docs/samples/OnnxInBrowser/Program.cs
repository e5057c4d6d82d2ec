// Runs an exported ONNX file in a browser: serves a page, on this machine only, in which onnxruntime-web classifies photos. See `--help`.
//
//   OnnxInBrowser flowers.onnx
//
// prints, after npm has downloaded onnxruntime-web at the first start:
//
//   flowers.onnx (22.3 MB) is at http://127.0.0.1:5080/. Ctrl-C ends.
//
// SaveAsOnnx wrote the file with Input = OnnxInput.RawRgb: it contains preprocessing and class names. The page adds the decoding.
using System.Globalization;
using OnnxInBrowser;

try
{
    if (args.Any(a => a is "--help" or "-h"))
    {
        Console.WriteLine(Arguments.Usage);
        return 0;
    }

    var arguments = Arguments.Parse(args);
    await using var server = await PageServer.StartAsync(arguments, OnnxRuntimeWeb.Folder());
    double size = new FileInfo(arguments.Model).Length / 1e6;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(arguments.Model)} ({size:F1} MB) is at {server.Address}. Ctrl-C ends."));
    await server.EndAsync();
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"{e.Message}{Environment.NewLine}{Environment.NewLine}{Arguments.Usage}");
    return 2;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
    return 1;
}
