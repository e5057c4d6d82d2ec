// The sample serving an ONNX file on a free port, until it is disposed.
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal sealed partial class SampleServer : IDisposable
{
    private readonly Process _process;

    private SampleServer(Process process, string address) => (_process, Address) = (process, address);

    internal string Address { get; }

    /// <summary>Skips the test where the sample has not fetched onnxruntime-web and there is no npm; called first in a test.</summary>
    internal static void Require()
    {
        if (!Directory.Exists(Path.Combine(SampleProgram.Folder, "node_modules", "onnxruntime-web")))
            Requires.Program("npm", "npm");
    }

    /// <summary>The test calls <see cref="Require"/> before.</summary>
    internal static SampleServer Start(string model)
    {
        var process = SampleProgram.Start(SampleProgram.Folder, [model, "--port", "0"]);
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (AddressInLine().Match(line) is { Success: true } found)
                return new SampleServer(process, found.Value);
        }

        string error = process.StandardError.ReadToEnd();
        process.Dispose();
        throw new AssertFailedException($"The sample did not start: {error}");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/")]
    private static partial Regex AddressInLine();
}
