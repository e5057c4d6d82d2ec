// Training across two hosts, and the errors a user sees when the link between them is cut.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Distributed.Mpi;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed;

[TestClass]
public sealed class TwoHostsTests
{
    private const int MostSeconds = 30;

    /// <summary>Open MPI's daemons look after one another: a question after a second of silence, gone after two without an answer.</summary>
    private static readonly string[] _watchfulLauncher =
        ["--mca", "oob_tcp_keepalive_time", "1", "--mca", "oob_tcp_keepalive_intvl", "1", "--mca", "oob_tcp_keepalive_probes", "2"];

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public void TwoHostsTrainTheModelThatTwoProcessesOfOneHostTrain()
    {
        TwoHosts.Require();
        using var hosts = new TwoHosts();
        using var folder = new TemporaryFolder();
        string across = folder.File("across", "x")[..^2], together = folder.File("together", "x")[..^2];

        using (var job = hosts.Start([], [], "train", $"result={across}"))
        {
            var (output, error) = (job.StandardOutput.ReadToEndAsync(), job.StandardError.ReadToEndAsync());
            Assert.IsTrue(job.WaitForExit(TimeSpan.FromMinutes(1)), "it did not end");
            Assert.AreEqual(0, job.ExitCode, error.Result);
            TestContext.WriteLine(output.Result);
        }

        var one = MpiJob.Run("mpirun.openmpi", 2, "train", $"result={together}");

        Assert.AreEqual(0, one.ExitCode, one.Error);
        CollectionAssert.AreEqual(File.ReadAllBytes(Path.Combine(together, "model.safetensors")), File.ReadAllBytes(Path.Combine(across, "model.safetensors")));
    }

    [TestMethod]
    public void ACutLinkIsFoundByTheLaunchersDaemons()
    {
        TwoHosts.Require();
        string output = Cut(_watchfulLauncher, [], everything: true);

        StringAssert.Contains(output, "ORTE has lost communication with a remote daemon");
    }

    /// <summary>The launcher itself waits for its daemon on the other side of the link, as long as its own settings allow.</summary>
    [TestMethod]
    public void TheWaitingProcessReportsACutLink()
    {
        TwoHosts.Require();
        string output = Cut([], [(WaitLimit.Variable, "4")], everything: false);

        StringAssert.Contains(output, "Rank 0 of 2");
        StringAssert.Contains(output, "waited 4 s for the other processes in MPI_");
    }

    /// <summary>Cuts the link in the middle of a training and waits until the processes on the hosts have ended.</summary>
    /// <param name="settings">For mpirun.</param>
    /// <param name="environment">For the processes that train.</param>
    /// <param name="everything">Whether the launcher and its daemons must end; otherwise only the training processes.</param>
    /// <returns>The output.</returns>
    private string Cut(string[] settings, (string Name, string Value)[] environment, bool everything)
    {
        using var hosts = new TwoHosts();
        using var job = hosts.Start(settings, environment, "train", "epochs=100000");
        using var trains = new ManualResetEventSlim();
        var lines = new ConcurrentQueue<string>();
        void Read(object sender, DataReceivedEventArgs line)
        {
            lines.Enqueue(line.Data ?? "");
            if (line.Data?.Contains("of epoch 3", StringComparison.Ordinal) == true)
                trains.Set();
        }

        job.OutputDataReceived += Read;
        job.ErrorDataReceived += Read;
        job.BeginOutputReadLine();
        job.BeginErrorReadLine();
        Assert.IsTrue(trains.Wait(TimeSpan.FromMinutes(1)), $"it did not begin to train: {string.Join('\n', lines)}");
        hosts.Cut();
        var clock = Stopwatch.StartNew();
        string? program = everything ? null : "dotnet";
        bool ended = SpinWait.SpinUntil(() => hosts.Running(program) == 0, TimeSpan.FromSeconds(MostSeconds));
        double seconds = clock.Elapsed.TotalSeconds;
        string seen = string.Join('\n', lines.Where(line => !line.Contains("rank 0 reports", StringComparison.Ordinal)));
        string gone = everything ? "nothing" : "no process that trains";
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s after the cut {gone} runs on either host. Output:\n{seen}"));
        Assert.IsTrue(ended, $"processes are left after {MostSeconds} s: {seen}");
        return seen;
    }
}
