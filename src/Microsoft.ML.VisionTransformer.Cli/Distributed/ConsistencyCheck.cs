// Checks that all processes of a run have the same library version, the same model and the same images.
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Cli.Distributed;

/// <summary>Without this check, scores of two different models or image lists would be merged into one plausible result.</summary>
internal static class ConsistencyCheck
{
    /// <summary>Compares the version of the library, the model and the names of the images across the processes.</summary>
    /// <exception cref="InvalidDataException">They differ; the message states which process has what. All processes throw it.</exception>
    internal static void Run(ProcessGroup group, string model, IEnumerable<string> images)
    {
        if (group.Size == 1)
            return;
        var own = new RunInputs(Environment.MachineName, Version(), ModelFingerprint(model), ListFingerprint(images));
        var all = group.Exchange(JsonSerializer.SerializeToUtf8Bytes(own)).Select(bytes => JsonSerializer.Deserialize<RunInputs>(bytes.Span)!).ToArray();
        for (int rank = 1; rank < all.Length; rank++)
        {
            if (all[rank].Difference(all[0]) is { } difference)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Rank {rank} on {all[rank].Machine} has {difference} on {all[0].Machine}. "
                    + $"All processes need the same inputs: use a folder that all machines can read, or identical copies of it."));
            }
        }
    }

    private static string Version() =>
        typeof(VisionTransformerTrainer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>For a file, its length and a hash of its content; for a folder, the names and lengths of its files; for a hub model, its name.</summary>
    private static string ModelFingerprint(string model)
    {
        if (File.Exists(model))
        {
            using var stream = File.OpenRead(model);
            return string.Create(CultureInfo.InvariantCulture, $"{stream.Length} bytes, {Short(SHA256.HashData(stream))}");
        }

        return Directory.Exists(model) ? ListFingerprint(Directory.EnumerateFiles(model).Select(NameAndLength).Order(StringComparer.Ordinal)) : model;
    }

    private static string NameAndLength(string path) =>
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)} {new FileInfo(path).Length}");

    private static string ListFingerprint(IEnumerable<string> names)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int count = 0;
        foreach (string name in names)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData([0]);
            count++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "file" : "files")}, {Short(hash.GetHashAndReset())}");
    }

    private static string Short(byte[] hash) => Convert.ToHexString(hash, 0, 4);

    private sealed record RunInputs(string Machine, string Version, string Model, string Images)
    {
        internal string? Difference(RunInputs first) =>
            Version != first.Version ? $"version {Version} of the library; rank 0 has {first.Version}"
            : Model != first.Model ? $"a different model ({Model}) than rank 0 ({first.Model})"
            : Images != first.Images ? $"different images ({Images}) than rank 0 ({first.Images})"
            : null;
    }
}
