// What must be the same on all processes before they train one model.
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Options and data of the run, and the versions of what computes.</summary>
internal static class TeamIdentity
{
    private const int Readable = 40;

    /// <summary>Compares the processes.</summary>
    /// <param name="team">All of them.</param>
    /// <param name="run">The <see cref="RunIdentity"/> of this one.</param>
    /// <exception cref="InvalidOperationException">They differ; the message says in what, and on which.</exception>
    internal static void Check(TrainingTeam team, IReadOnlyDictionary<string, string> run)
    {
        if (!team.IsMany)
            return;
        var own = new SortedDictionary<string, string>(run.ToDictionary(), StringComparer.Ordinal)
        {
            ["the version of Microsoft.ML.VisionTransformer"] = VersionOf(typeof(TeamIdentity)),
            ["the version of TorchSharp"] = VersionOf(typeof(TorchSharp.torch)),
            ["the version of Microsoft.ML"] = VersionOf(typeof(MLContext)),
            ["the processor's kind"] = RuntimeInformation.ProcessArchitecture.ToString(),
        };
        SortedDictionary<string, string>[] all = [.. team.Exchange(Encoding.UTF8.GetString(ModelJson.Write(own))).Select(json => ModelJson.Read<SortedDictionary<string, string>>(Encoding.UTF8.GetBytes(json)))];
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
