// The process group of a training run: collective operations, failure handling, the check that processes agree, and the shards of a batch.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Evaluation;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Distributed;

/// <summary>
/// A group of one process communicates with no one. Before training begins, a process that fails reports the reason to the others, and all of them
/// throw (<see cref="Exchange"/>, <see cref="ReportFailure"/>). After it has begun, the others may be waiting inside MPI, where only the end of the
/// job reaches them, so a failure aborts the job.
/// </summary>
internal sealed class TrainingProcessGroup(ProcessGroup? group)
{
    private const char Ok = '0', Failed = '1', Canceled = '2';

    private bool _begun;
    private bool _agreedToEnd;

    /// <summary>A group of one process.</summary>
    internal static TrainingProcessGroup Alone => new(null);

    /// <summary>Rank of this process, from 0.</summary>
    internal int Rank => group?.Rank ?? 0;

    internal int Size => group?.Size ?? 1;

    /// <summary>Whether this is rank 0, which writes files and logs.</summary>
    internal bool IsMain => Rank == 0;

    internal bool IsMany => group is not null;

    /// <summary>The MPI library, for the log.</summary>
    internal string Library => group?.Library ?? "";

    /// <summary>The process group under that setting.</summary>
    internal static TrainingProcessGroup Of(DistributedTraining setting) =>
        setting == DistributedTraining.Auto && ProcessGroup.Current is { Size: > 1 } many ? new TrainingProcessGroup(many) : Alone;

    /// <summary>The factor of the learning rate.</summary>
    internal static double RateFactor(LearningRateScaling scaling, int processes) => scaling switch
    {
        LearningRateScaling.Linear => processes,
        LearningRateScaling.Root => Math.Sqrt(processes),
        _ => 1,
    };

    /// <summary>Exchanges a text with all processes before training begins.</summary>
    /// <returns>The text of each process, by rank.</returns>
    /// <exception cref="InvalidOperationException">One of them failed.</exception>
    /// <exception cref="OperationCanceledException">One of them was canceled.</exception>
    internal string[] Exchange(string text)
    {
        if (group is null)
            return [text];
        string[] all = group.Gather(Ok + text);
        int failed = Array.FindIndex(all, reply => reply[0] != Ok);
        if (failed < 0)
            return [.. all.Select(reply => reply[1..])];
        _agreedToEnd = true;
        string message = string.Create(CultureInfo.InvariantCulture, $"Rank {failed} of {Size} could not start training: {all[failed][1..]}");
        throw all[failed][0] == Canceled ? new OperationCanceledException(message) : new InvalidOperationException(message);
    }

    /// <summary>Marks the beginning of training: from here on a failure aborts the job.</summary>
    internal void Begin() => _begun = true;

    /// <summary>Reports a failure to the other processes, or aborts the job if they cannot receive it. Call before rethrowing the exception.</summary>
    internal void ReportFailure(Exception failure)
    {
        if (group is null || _agreedToEnd)
            return;
        if (_begun)
            group.Abort($"training failed; aborting the job: {failure}");
        group.Gather((failure is OperationCanceledException ? Canceled : Failed) + failure.Message);
    }

    /// <summary>Checks whether any process was canceled; all of them then throw at the same point.</summary>
    /// <param name="checkAlive">Throws if this process was canceled.</param>
    /// <exception cref="OperationCanceledException">A process was canceled.</exception>
    internal void CheckAlive(Action checkAlive)
    {
        OperationCanceledException? own = null;
        try
        {
            checkAlive();
        }
        catch (OperationCanceledException e) when (group is not null)
        {
            own = e;
        }

        if (group is null || group.Max(own is null ? 0 : 1) == 0)
            return;
        _agreedToEnd = true;
        throw own ?? new OperationCanceledException("Another process of the job was canceled.");
    }

    /// <summary>Replaces the values of every process with their sums over all processes (all-reduce).</summary>
    /// <param name="values">[n]; values on a device are copied through main memory.</param>
    internal void Sum(Tensor values)
    {
        if (group is null)
            return;
        using var scope = NewDisposeScope();
        var own = values.cpu();
        group.Sum(new TensorMemory(own).GetSpan());
        if (values.device_type != TorchSharp.DeviceType.CPU)
            values.copy_(own);
    }

    /// <summary>The mean over the rows of all processes.</summary>
    internal RunningMean Sum(RunningMean own)
    {
        if (group is null)
            return own;
        // Counts up to 2^53 are exact in float64.
        double[] sums = [own.LossSum, own.Weight, own.Right, own.Rows];
        group.Sum(sums);
        return new RunningMean(sums[0], sums[1], (long)sums[2], (int)sums[3]);
    }

    /// <summary>Copies the values of rank 0 to every process.</summary>
    /// <param name="values">[n].</param>
    internal void Broadcast(Tensor values)
    {
        if (group is null)
            return;
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        long start = 0;
        foreach (var chunk in TensorMemory.Chunks(values))
        {
            group.Broadcast(MemoryMarshal.AsBytes(new TensorMemory(chunk).GetSpan()));
            values.narrow(0, start, chunk.numel()).copy_(chunk);
            start += chunk.numel();
        }
    }

    /// <summary>Replaces the values with those of rank 0; all processes pass the same length.</summary>
    internal double[] OfMain(double[] values)
    {
        group?.Broadcast(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>The bytes of each process, by rank.</summary>
    internal byte[][] Gather(byte[] own) => group is null ? [own] : group.Gather(own);

    /// <summary>Checks that the values are identical on all processes, bit for bit.</summary>
    /// <param name="values">[n].</param>
    /// <param name="what">Description of the values, for the message.</param>
    /// <exception cref="InvalidOperationException">The values differ.</exception>
    internal void ExpectSame(Tensor values, string what)
    {
        if (group is null)
            return;
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var chunk in TensorMemory.Chunks(values))
            hash.AppendData(MemoryMarshal.AsBytes(new TensorMemory(chunk).GetSpan()));
        string[] all = group.Gather(Convert.ToHexString(hash.GetHashAndReset()));
        string others = string.Join(", ", Enumerable.Range(0, Size).Where(rank => all[rank] != all[0]));
        if (others.Length > 0)
        {
            throw new InvalidOperationException(
                $"{what} on rank {others} are not identical to those on rank 0: the processes are out of sync. Run all of them with the same processors, library versions and number of threads (OMP_NUM_THREADS).");
        }
    }
}

/// <summary>Checks that all processes have the same options, data and library versions.</summary>
internal static class ProcessAgreement
{
    private const int Readable = 40;

    /// <summary>Compares the processes.</summary>
    /// <param name="group">The process group.</param>
    /// <param name="run">The <c>RunIdentity</c> of this process.</param>
    /// <exception cref="InvalidOperationException">The processes differ; the message lists the differences and their ranks.</exception>
    internal static void Check(TrainingProcessGroup group, IReadOnlyDictionary<string, string> run)
    {
        if (!group.IsMany)
            return;
        var own = new SortedDictionary<string, string>(run.ToDictionary(), StringComparer.Ordinal)
        {
            ["the version of Microsoft.ML.VisionTransformer"] = VersionOf(typeof(ProcessAgreement)),
            ["the version of TorchSharp"] = VersionOf(typeof(TorchSharp.torch)),
            ["the version of Microsoft.ML"] = VersionOf(typeof(MLContext)),
            ["the processor architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        };
        SortedDictionary<string, string>[] all = [.. group.Exchange(Encoding.UTF8.GetString(ModelJson.Write(own))).Select(json => ModelJson.Read<SortedDictionary<string, string>>(Encoding.UTF8.GetBytes(json)))];
        string[] differences = [.. Differences(all)];
        if (differences.Length > 0)
        {
            throw new InvalidOperationException(
                $"The processes of this job do not train the same model: {string.Join("; ", differences)}. Give all of them the same program, options and data (and seeds for splits), or set Distributed to Off.");
        }
    }

    /// <summary>Descriptions of the differences from rank 0.</summary>
    internal static IEnumerable<string> Differences(IReadOnlyList<IReadOnlyDictionary<string, string>> all)
    {
        foreach (string key in all.SelectMany(identity => identity.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            string first = all[0].GetValueOrDefault(key, "missing");
            for (int rank = 1; rank < all.Count; rank++)
            {
                string other = all[rank].GetValueOrDefault(key, "missing");
                if (other == first)
                    continue;
                yield return first.Length <= Readable && other.Length <= Readable ? $"{key}: {first} on rank 0 and {other} on rank {rank}" : $"{key}: rank {rank} differs from rank 0";
                break;
            }
        }
    }

    private static string VersionOf(Type type) => type.Assembly.GetName().Version?.ToString() ?? "unknown";
}

/// <summary>Splits a batch into disjoint shards, one per process.</summary>
internal static class BatchShard
{
    /// <summary>The shard of one process.</summary>
    /// <param name="rows">The batch of all processes.</param>
    /// <param name="rank">Rank of the process.</param>
    /// <param name="size">Number of processes.</param>
    /// <param name="inPairs">
    /// Whether rows i and n - 1 - i stay together, at mirrored positions, because mixup and cutmix mix them. Shard sizes then differ by at most two
    /// rows, otherwise by one.
    /// </param>
    internal static int[] Of(ReadOnlySpan<int> rows, int rank, int size, bool inPairs)
    {
        int n = inPairs ? rows.Length / 2 : rows.Length;
        int start = (int)((long)n * rank / size), end = (int)((long)n * (rank + 1) / size);
        if (!inPairs)
            return rows[start..end].ToArray();
        // The middle row of an odd number of rows is its own partner.
        var middle = rows.Length % 2 == 1 && rank == size - 1 ? rows.Slice(n, 1) : [];
        return [.. rows[start..end], .. middle, .. rows[(rows.Length - end)..(rows.Length - start)]];
    }
}
