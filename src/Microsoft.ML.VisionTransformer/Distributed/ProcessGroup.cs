// The processes that an MPI launcher started together, and their collective operations.
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.ML.VisionTransformer.Distributed.Mpi;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// All processes of an MPI job. Every process calls each method except <see cref="Abort"/>, in the same order and with matching lengths, and waits
/// there for the others. Any thread may call.
/// </summary>
internal sealed unsafe class ProcessGroup
{
    private static readonly Lazy<ProcessGroup?> _current = new(Join);

    private readonly MpiSession _session;

    private ProcessGroup(MpiSession session) => _session = session;

    /// <summary>The group that this process belongs to; null if no MPI launcher started it, in which case no library is loaded.</summary>
    /// <exception cref="InvalidOperationException">A launcher started it, but no MPI library was found; the message names the package to install.</exception>
    /// <exception cref="IOException">MPI cannot be initialized.</exception>
    internal static ProcessGroup? Current => _current.Value;

    /// <summary>Whether a launcher started this process; loads nothing.</summary>
    internal static bool IsLaunched => MpiLaunchers.Of(Environment.GetEnvironmentVariable) != MpiLauncher.None;

    /// <summary>Rank of this process, from 0.</summary>
    internal int Rank => _session.Rank;

    /// <summary>Rank of this process among those of its machine, from 0.</summary>
    internal static int LocalRank => MpiLaunchers.LocalRank(Environment.GetEnvironmentVariable);

    /// <summary>Number of processes.</summary>
    internal int Size => _session.Size;

    /// <summary>Whether this is rank 0, which writes files and logs.</summary>
    internal bool IsMain => Rank == 0;

    /// <summary>Description of the library, for the log: "Open MPI v4.1.4, ... (OpenMpi, libmpi.so.40)".</summary>
    internal string Library => $"{_session.Library.Version} ({_session.Library.Kind}, {_session.Library.Name})";

    /// <summary>The group that this process belongs to.</summary>
    /// <exception cref="InvalidOperationException">There is none; the message explains how to start one.</exception>
    internal static ProcessGroup Required => Current ?? throw new InvalidOperationException(
        $"This process was not started by an MPI launcher. Start it with one: mpirun -n 4 program. {(OperatingSystem.IsLinux() ? "Debian and Ubuntu: apt-get install openmpi-bin" : MpiLibraryNames.Advice)}.");

    /// <summary>Replaces the values of every process with their sums, which are bit for bit the same on all processes.</summary>
    internal void Sum(Span<float> values) => Reduce(values, h => h.Float, h => h.Sum);

    /// <inheritdoc cref="Sum(Span{float})"/>
    internal void Sum(Span<double> values) => Reduce(values, h => h.Double, h => h.Sum);

    /// <inheritdoc cref="Sum(Span{float})"/>
    internal void Sum(Span<long> values) => Reduce(values, h => h.Long, h => h.Sum);

    /// <summary>The largest of the processes' values.</summary>
    internal long Max(long value)
    {
        Reduce(new Span<long>(ref value), h => h.Long, h => h.Max);
        return value;
    }

    /// <summary>Copies the bytes of one process to all.</summary>
    internal void Broadcast(Span<byte> bytes, int from = 0)
    {
        fixed (byte* start = bytes)
        {
            byte* first = start;
            int length = bytes.Length;
            _session.Do("MPI_Bcast", mpi => mpi.Broadcast(first, length, mpi.Handles.Byte, from, mpi.Handles.World));
        }
    }

    /// <summary>Collects the bytes of all processes, by rank, in every process; lengths may differ, and the total is less than 2 GiB.</summary>
    internal byte[][] Gather(ReadOnlySpan<byte> own)
    {
        int[] lengths = Lengths(own.Length);
        int[] starts = new int[Size];
        for (int i = 1; i < Size; i++)
            starts[i] = checked(starts[i - 1] + lengths[i - 1]);
        byte[] all = new byte[checked(starts[^1] + lengths[^1])];
        fixed (byte* send = own, receive = all)
        fixed (int* counts = lengths, displacements = starts)
        {
            byte* from = send, to = receive;
            int* count = counts, displacement = displacements;
            int length = own.Length;
            _session.Do("MPI_Allgatherv", mpi => mpi.AllGatherVaried(from, length, mpi.Handles.Byte, to, count, displacement, mpi.Handles.Byte, mpi.Handles.World));
        }

        return [.. lengths.Select((length, i) => all[starts[i]..(starts[i] + length)])];
    }

    /// <summary>Collects the texts of all processes, by rank, in every process.</summary>
    internal string[] Gather(string own) => [.. Gather(Encoding.UTF8.GetBytes(own)).Select(Encoding.UTF8.GetString)];

    /// <summary>Waits until every process has called it.</summary>
    internal void Barrier() => _session.Do("MPI_Barrier", mpi => mpi.Barrier(mpi.Handles.World));

    /// <summary>Writes the reason to standard error and ends all processes: the others may be waiting for this one and would wait forever.</summary>
    [DoesNotReturn]
    internal void Abort(string reason)
    {
        Console.Error.WriteLine($"Rank {Rank} of {Size}: {reason}");
        Console.Error.Flush();
        _session.Abort(1);
        Environment.Exit(1);
    }

    private static ProcessGroup? Join()
    {
        var launcher = MpiLaunchers.Of(Environment.GetEnvironmentVariable);
        if (launcher == MpiLauncher.None)
            return null;
        var names = MpiLibraryNames.For(launcher, Environment.GetEnvironmentVariable(MpiLibraryNames.Variable));
        using var handlers = SignalHandlers.Keep();
        return new ProcessGroup(new MpiSession(MpiLibrary.Load(names)));
    }

    private int[] Lengths(int own)
    {
        int[] lengths = new int[Size];
        fixed (int* receive = lengths)
        {
            int* to = receive;
            int send = own;
            int* from = &send;
            _session.Do("MPI_Allgather", mpi => mpi.AllGather(from, sizeof(int), mpi.Handles.Byte, to, sizeof(int), mpi.Handles.Byte, mpi.Handles.World));
        }

        return lengths;
    }

    private void Reduce<T>(Span<T> values, Func<MpiHandles, nint> type, Func<MpiHandles, nint> operation)
        where T : unmanaged
    {
        fixed (T* start = values)
        {
            T* first = start;
            int length = values.Length;
            _session.Do("MPI_Allreduce", mpi => mpi.AllReduce(mpi.Handles.InPlace, first, length, type(mpi.Handles), operation(mpi.Handles), mpi.Handles.World));
        }
    }
}
