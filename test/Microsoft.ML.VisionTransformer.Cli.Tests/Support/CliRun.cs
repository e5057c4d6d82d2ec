// Runs the tool in the test process, with the test's streams.
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

/// <summary>The result of a command.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    internal string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal static CliRun Of(params string[] args) => WithInput([], args);

    internal static CliRun WithInput(byte[] input, params string[] args) => Run(input, args, null);

    /// <summary>Runs the command in several simulated processes, which are threads here; only rank 0 gets standard input.</summary>
    internal static CliRun[] InProcesses(int processes, byte[] input, params string[] args) =>
        ThreadGroup.Run(processes, group => Run(group.Rank == 0 ? input : [], args, group));

    /// <summary>Runs the command and asserts that it succeeded.</summary>
    internal static CliRun Done(params string[] args)
    {
        var run = Of(args);
        Assert.AreEqual(0, run.ExitCode, run.Error);
        return run;
    }

    /// <summary>Asserts that the command ended with this code, one line with the reason, and no result.</summary>
    internal void AssertFailed(int code, string reason)
    {
        Assert.AreEqual(code, ExitCode, Error);
        Assert.HasCount(1, ErrorLines, Error);
        StringAssert.Contains(ErrorLines[0], reason);
        Assert.AreEqual("", Output);
    }

    /// <summary>Runs the command and calls <paramref name="onError"/> with each text that it writes to standard error.</summary>
    internal static CliRun WithSideEffect(Action<string> onError, params string[] args)
    {
        using var error = new ObservedWriter(onError);
        return Run([], args, null, error);
    }

    private static CliRun Run(byte[] input, string[] args, ICommunicator? communicator)
    {
        using var error = new StringWriter { NewLine = "\n" };
        return Run(input, args, communicator, error);
    }

    private static CliRun Run(byte[] input, string[] args, ICommunicator? communicator, StringWriter error)
    {
        using var output = new StringWriter { NewLine = "\n" };
        int code = Tool.Run(args, new Streams { Out = output, Error = error, OpenInput = () => new MemoryStream(input) }, CancellationToken.None, communicator);
        return new CliRun(code, output.ToString(), error.ToString());
    }

    private sealed class ObservedWriter : StringWriter
    {
        private readonly Action<string> _observe;

        internal ObservedWriter(Action<string> observe) => (_observe, NewLine) = (observe, "\n");

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            _observe(value ?? "");
        }
    }
}
