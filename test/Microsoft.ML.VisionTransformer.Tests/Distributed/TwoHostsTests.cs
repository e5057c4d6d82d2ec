// Training across two hosts, and what a user sees when the link between them is cut.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Distributed;
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
        string told = Cut(_watchfulLauncher, []);

        StringAssert.Contains(told, "ORTE has lost communication with a remote daemon");
    }

    [TestMethod]
    public void ACutLinkIsToldByTheProcessThatWaits()
    {
        string told = Cut(_watchfulLauncher[..2].Append("60").Concat(_watchfulLauncher[3..]).ToArray(), [(WaitWatch.Variable, "4")]);

        StringAssert.Contains(told, "for the other processes");
    }

    /// <summary>Cuts the link in the middle of a training, waits until no process is left on either host, and gives what was told.</summary>
    private string Cut(string[] settings, (string Name, string Value)[] environment)
    {
        using var hosts = new TwoHosts();
        using var job = hosts.Start(settings, environment, "train", "epochs=100000");
        using var trains = new ManualResetEventSlim();
        var told = new StringBuilder();
        void Read(object sender, DataReceivedEventArgs line)
        {
            lock (told)
                told.AppendLine(line.Data);
            if (line.Data?.Contains("of epoch 3", StringComparison.Ordinal) == true)
                trains.Set();
        }

        job.OutputDataReceived += Read;
        job.ErrorDataReceived += Read;
        job.BeginOutputReadLine();
        job.BeginErrorReadLine();
        Assert.IsTrue(trains.Wait(TimeSpan.FromMinutes(1)), $"it did not begin to train: {told}");
        hosts.Cut();
        var clock = Stopwatch.StartNew();
        double? ended = null;
        while ((ended is null || hosts.Processes(0).Length + hosts.Processes(1).Length > 0) && clock.Elapsed.TotalSeconds < MostSeconds)
        {
            if (ended is null && job.HasExited)
                ended = clock.Elapsed.TotalSeconds;
            Thread.Sleep(100);
        }

        string seen;
        lock (told)
            seen = told.ToString();
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mpirun ended {ended:F1} s after the cut, the last process {clock.Elapsed.TotalSeconds:F1} s after it."));
        TestContext.WriteLine(seen[seen.IndexOf("of epoch 3", StringComparison.Ordinal)..]);
        Assert.IsNotNull(ended, $"mpirun did not end within {MostSeconds} s: {seen}");
        Assert.AreNotEqual(0, job.ExitCode);
        Assert.IsEmpty(hosts.Processes(0).Concat(hosts.Processes(1)));
        return seen;
    }
}
