// Runs the command in this process, with streams of the test.
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

/// <summary>How a command ended.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    internal string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal static CliRun Of(params string[] args) => WithInput([], args);

    internal static CliRun WithInput(byte[] input, params string[] args) => Run(input, args, null);

    /// <summary>The same command in several processes, which are threads here; standard input is the first one's alone.</summary>
    internal static CliRun[] InProcesses(int processes, byte[] input, params string[] args) =>
        ThreadGroup.Run(processes, group => Run(group.Rank == 0 ? input : [], args, group));

    /// <summary>The same, and the command must have done its work.</summary>
    internal static CliRun Done(params string[] args)
    {
        var run = Of(args);
        Assert.AreEqual(0, run.ExitCode, run.Error);
        return run;
    }

    /// <summary>Fails unless the command ended with that code, one line that has the reason, and no result.</summary>
    internal void AssertFailed(int code, string reason)
    {
        Assert.AreEqual(code, ExitCode, Error);
        Assert.HasCount(1, ErrorLines, Error);
        StringAssert.Contains(ErrorLines[0], reason);
        Assert.AreEqual("", Output);
    }

    private static CliRun Run(byte[] input, string[] args, ICommunicator? processes)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = Tool.Run(args, new Streams { Out = output, Error = error, OpenInput = () => new MemoryStream(input) }, CancellationToken.None, processes);
        return new CliRun(code, output.ToString(), error.ToString());
    }
}
