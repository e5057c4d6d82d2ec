// Simulates two connected hosts on this machine with network namespaces, and runs an MPI job across them.
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>
/// Each host has a name, an address and a loopback device of its own, and reaches the other through a pair of virtual Ethernet devices. They share
/// the file system. Dispose removes the hosts and stops their processes.
/// </summary>
internal sealed class TwoHosts : IDisposable
{
    private const string Network = "10.213.77.";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly string[] _hosts;

    /// <summary>Connects the hosts. The test calls <see cref="Require"/> first.</summary>
    internal TwoHosts()
    {
        _hosts = [.. "ab".Select(letter => string.Create(CultureInfo.InvariantCulture, $"vit{Environment.ProcessId}{letter}"))];
        try
        {
            foreach (string host in _hosts)
                Ip("netns", "add", host);
            Ip("link", "add", Device(0), "netns", _hosts[0], "type", "veth", "peer", "name", Device(1), "netns", _hosts[1]);
            for (int i = 0; i < 2; i++)
            {
                Ip("-n", _hosts[i], "address", "add", $"{Address(i)}/24", "dev", Device(i));
                Ip("-n", _hosts[i], "link", "set", Device(i), "up");
                Ip("-n", _hosts[i], "link", "set", "lo", "up");
            }

            File.WriteAllText(_folder.File("hosts"), $"127.0.0.1 localhost\n{Address(0)} {_hosts[0]}\n{Address(1)} {_hosts[1]}\n");

            WriteAgent();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The names of the hosts.</summary>
    internal IReadOnlyList<string> Names => _hosts;

    /// <summary>Starts one process of the worker on each host, with Open MPI over TCP.</summary>
    /// <param name="settings">Arguments of mpirun.</param>
    /// <param name="environment">Environment variables of the processes.</param>
    /// <param name="args">Arguments of the worker.</param>
    internal Process Start(string[] settings, (string Name, string Value)[] environment, params string[] args)
    {
        string[] variables = [.. environment.Append(("OMP_NUM_THREADS", "1")).SelectMany(v => new[] { "-x", $"{v.Item1}={v.Item2}" })];
        string[] command =
        [
            _hosts[0], "mpirun.openmpi", "-n", "2", "--host", string.Join(',', _hosts), "--bind-to", "none",
            "--mca", "plm_rsh_agent", Agent, "--mca", "pml", "ob1", "--mca", "btl", "tcp,self",
            "--mca", "btl_tcp_if_include", Network + "0/24", "--mca", "oob_tcp_if_include", Network + "0/24",
            .. settings, .. variables, "dotnet", MpiJob.Assembly, .. args,
        ];
        var start = new ProcessStartInfo(Agent, command) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>Disconnects the second host: nothing arrives anymore, without any error.</summary>
    internal void Cut() => Ip("-n", _hosts[1], "link", "set", Device(1), "down");

    /// <summary>Number of processes on both hosts.</summary>
    /// <param name="program">Name of the program to count; null for all.</param>
    internal int Running(string? program = null) => _hosts.SelectMany(Processes).Count(process => program is null || NameOf(process) == program);

    public void Dispose()
    {
        string[] made = [.. Output("ip", "netns", "list").Split('\n').Select(line => line.Split(' ')[0])];
        foreach (string host in _hosts.Where(made.Contains))
        {
            foreach (string process in Processes(host))
                Output("kill", "-KILL", process);
            Ip("netns", "delete", host);
        }

        _folder.Dispose();
    }

    private static string[] Processes(string host) => Output("ip", "netns", "pids", host).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Null if the process has ended.</summary>
    private static string? NameOf(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
    }

    private string Agent => _folder.File("agent");

    private static string Address(int host) => string.Create(CultureInfo.InvariantCulture, $"{Network}{host + 1}");

    private static string Device(int host) => string.Create(CultureInfo.InvariantCulture, $"veth{host}");

    /// <summary>
    /// Replaces ssh: "agent host command ..." runs the command on that host, in a shell, with the host's name and hosts file.
    /// </summary>
    private void WriteAgent()
    {
        File.WriteAllText(Agent, $"""
            #!/bin/sh
            host=$1
            shift
            exec ip netns exec "$host" unshare --uts --mount \
                sh -c 'hostname "$1" && mount --bind "$2" /etc/hosts && shift 2 && exec sh -c "$*"' sh "$host" '{_folder.File("hosts")}' "$@"

            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Agent, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Skips the test if the hosts cannot be created; called first in a test.</summary>
    internal static void Require()
    {
        Requires.SlowTests();
        Requires.If(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Linux and root, for network namespaces");
        foreach (var (program, package) in new[] { ("ip", "iproute2"), ("unshare", "util-linux"), ("hostname", "hostname"), ("mpirun.openmpi", "openmpi-bin") })
            Requires.Program(program, package);
        Requires.If(CanMakeNamespaces(), "a machine that lets network namespaces be made");
    }

    private static bool CanMakeNamespaces()
    {
        string probe = string.Create(CultureInfo.InvariantCulture, $"vit{Environment.ProcessId}probe");
        bool made = Run("ip", "netns", "add", probe).Code == 0;
        if (made)
            Ip("netns", "delete", probe);
        return made;
    }

    private static void Ip(params string[] args)
    {
        if (Run("ip", args) is { Code: not 0 } failed)
            throw new InvalidOperationException($"ip {string.Join(' ', args)}: {failed.Error}");
    }

    private static string Output(string program, params string[] args) => Run(program, args).Output;

    private static (int Code, string Output, string Error) Run(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(_patience))
            throw new TimeoutException($"{program} {string.Join(' ', args)} did not end.");
        return (process.ExitCode, output, error.Result);
    }
}
