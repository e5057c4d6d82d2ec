// The processes that train one model together, as training sees them; a group of one process sends nothing.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Distributed;

/// <summary>
/// Before the training begins, a process that fails tells the others why, and all of them throw (<see cref="Exchange"/>, <see cref="ReportFailure"/>). Once it has begun the
/// others may be waiting inside MPI, where nothing but the end of the job reaches them, and that is what a failure becomes.
/// </summary>
internal sealed class TrainingProcessGroup(ProcessGroup? group)
{
    private const char Fine = '0', Failed = '1', Stopped = '2';

    private bool _begun;
    private bool _agreedToEnd;

    /// <summary>One process.</summary>
    internal static TrainingProcessGroup Alone => new(null);

    /// <summary>Number of this process, from 0.</summary>
    internal int Rank => group?.Rank ?? 0;

    internal int Size => group?.Size ?? 1;

    /// <summary>Whether this process writes and tells.</summary>
    internal bool IsMain => Rank == 0;

    internal bool IsMany => group is not null;

    /// <summary>The MPI library, for the log.</summary>
    internal string Library => group?.Library ?? "";

    /// <summary>The processes that train together under that setting.</summary>
    internal static TrainingProcessGroup Of(DistributedTraining setting) =>
        setting == DistributedTraining.Auto && ProcessGroup.Current is { Size: > 1 } many ? new TrainingProcessGroup(many) : Alone;

    /// <summary>What the learning rate is multiplied by.</summary>
    internal static double RateFactor(LearningRateScaling scaling, int processes) => scaling switch
    {
        LearningRateScaling.Linear => processes,
        LearningRateScaling.Root => Math.Sqrt(processes),
        _ => 1,
    };

    /// <summary>Tells the others something before the training begins, and hears the same from them.</summary>
    /// <returns>What each said, by rank.</returns>
    /// <exception cref="InvalidOperationException">One of them failed.</exception>
    /// <exception cref="OperationCanceledException">One of them was cancelled.</exception>
    internal string[] Exchange(string text)
    {
        if (group is null)
            return [text];
        string[] all = group.Gather(Fine + text);
        int bad = Array.FindIndex(all, said => said[0] != Fine);
        if (bad < 0)
            return [.. all.Select(said => said[1..])];
        _agreedToEnd = true;
        string message = string.Create(CultureInfo.InvariantCulture, $"Rank {bad} of {Size} could not begin the training: {all[bad][1..]}");
        throw all[bad][0] == Stopped ? new OperationCanceledException(message) : new InvalidOperationException(message);
    }

    /// <summary>From now on a failure ends the job.</summary>
    internal void Begin() => _begun = true;

    /// <summary>Tells the others that this process has failed, or ends the job where they would not hear it; to be called before the exception leaves.</summary>
    internal void ReportFailure(Exception failure)
    {
        if (group is null || _agreedToEnd)
            return;
        if (_begun)
            group.Abort($"the training ends here, and the job with it: {failure}");
        group.Gather((failure is OperationCanceledException ? Stopped : Failed) + failure.Message);
    }

    /// <summary>Looks whether any process was cancelled; all of them then throw at the same place.</summary>
    /// <param name="checkAlive">Throws where this one was.</param>
    /// <exception cref="OperationCanceledException">One was.</exception>
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
        throw own ?? new OperationCanceledException("Another process of the job was told to stop.");
    }

    /// <summary>Replaces the values of every process by their sums.</summary>
    /// <param name="values">[n]; on a device they pass through main memory.</param>
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
        // Counts stay exact in 64-bit numbers up to 2^53.
        double[] sums = [own.LossSum, own.Weight, own.Right, own.Rows];
        group.Sum(sums);
        return new RunningMean(sums[0], sums[1], (long)sums[2], (int)sums[3]);
    }

    /// <summary>Gives every process the values of the first.</summary>
    /// <param name="values">[n].</param>
    internal void Broadcast(Tensor values)
    {
        if (group is null)
            return;
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        long start = 0;
        foreach (var part in TensorMemory.Parts(values))
        {
            group.Broadcast(MemoryMarshal.AsBytes(new TensorMemory(part).GetSpan()));
            values.narrow(0, start, part.numel()).copy_(part);
            start += part.numel();
        }
    }

    /// <summary>The numbers that the first process has; all have as many.</summary>
    internal double[] OfMain(double[] values)
    {
        group?.Broadcast(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>What each process has, by rank.</summary>
    internal byte[][] Gather(byte[] own) => group is null ? [own] : group.Gather(own);

    /// <summary>Compares the numbers of all processes, bit for bit.</summary>
    /// <param name="values">[n].</param>
    /// <param name="what">For the message.</param>
    /// <exception cref="InvalidOperationException">They differ.</exception>
    internal void ExpectSame(Tensor values, string what)
    {
        if (group is null)
            return;
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in TensorMemory.Parts(values))
            hash.AppendData(MemoryMarshal.AsBytes(new TensorMemory(part).GetSpan()));
        string[] all = group.Gather(Convert.ToHexString(hash.GetHashAndReset()));
        string others = string.Join(", ", Enumerable.Range(0, Size).Where(rank => all[rank] != all[0]));
        if (others.Length > 0)
        {
            throw new InvalidOperationException(
                $"{what} on rank {others} are not those on rank 0, bit for bit: the processes have trained apart. Give all of them the same processors, library versions and number of threads (OMP_NUM_THREADS).");
        }
    }
}

/// <summary>Options and data of the run, and the versions of what computes.</summary>
internal static class ProcessAgreement
{
    private const int Readable = 40;

    /// <summary>Compares the processes.</summary>
    /// <param name="group">All of them.</param>
    /// <param name="run">The <see cref="RunIdentity"/> of this one.</param>
    /// <exception cref="InvalidOperationException">They differ; the message says in what, and on which.</exception>
    internal static void Check(TrainingProcessGroup group, IReadOnlyDictionary<string, string> run)
    {
        if (!group.IsMany)
            return;
        var own = new SortedDictionary<string, string>(run.ToDictionary(), StringComparer.Ordinal)
        {
            ["the version of Microsoft.ML.VisionTransformer"] = VersionOf(typeof(ProcessAgreement)),
            ["the version of TorchSharp"] = VersionOf(typeof(TorchSharp.torch)),
            ["the version of Microsoft.ML"] = VersionOf(typeof(MLContext)),
            ["the processor's kind"] = RuntimeInformation.ProcessArchitecture.ToString(),
        };
        SortedDictionary<string, string>[] all = [.. group.Exchange(Encoding.UTF8.GetString(ModelJson.Write(own))).Select(json => ModelJson.Read<SortedDictionary<string, string>>(Encoding.UTF8.GetBytes(json)))];
        string[] differences = [.. Differences(all)];
        if (differences.Length > 0)
        {
            throw new InvalidOperationException(
                $"The processes of this job do not train the same model: {string.Join("; ", differences)}. Give all of them the same program, options and data (and seeds for splits), or set Distributed to Off.");
        }
    }

    /// <summary>What differs from the first process, in words.</summary>
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
                yield return first.Length <= Readable && other.Length <= Readable ? $"{key}: {first} on rank 0 and {other} on rank {rank}" : $"{key} on rank {rank} are not those on rank 0";
                break;
            }
        }
    }

    private static string VersionOf(Type type) => type.Assembly.GetName().Version?.ToString() ?? "unknown";
}

/// <summary>The shares of all processes are disjoint and together the batch.</summary>
internal static class BatchShard
{
    /// <summary>The rows of one process, out of those of all.</summary>
    /// <param name="rows">The batch of all.</param>
    /// <param name="rank">Number of the process.</param>
    /// <param name="size">Number of processes.</param>
    /// <param name="inPairs">
    /// Whether rows i and n - 1 - i stay together and so take their places, because mixup and cutmix mix them. Shares then differ by two rows at most, else by one.
    /// </param>
    internal static int[] Of(ReadOnlySpan<int> rows, int rank, int size, bool inPairs)
    {
        int n = inPairs ? rows.Length / 2 : rows.Length;
        int start = (int)((long)n * rank / size), end = (int)((long)n * (rank + 1) / size);
        if (!inPairs)
            return rows[start..end].ToArray();
        // The row in the middle of an odd number is its own partner.
        var middle = rows.Length % 2 == 1 && rank == size - 1 ? rows.Slice(n, 1) : [];
        return [.. rows[start..end], .. middle, .. rows[(rows.Length - end)..(rows.Length - start)]];
    }
}
