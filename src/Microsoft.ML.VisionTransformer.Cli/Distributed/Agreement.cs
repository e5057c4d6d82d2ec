// Makes sure that all processes of a run are about to do the same.
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Cli.Distributed;

/// <summary>Results of two models, or of two lists of images that rows were taken from in turn, would look like one result.</summary>
internal static class Agreement
{
    /// <summary>Compares the version of the library, the model and the names of the images.</summary>
    /// <exception cref="InvalidDataException">They differ; the message says where. All processes throw it.</exception>
    internal static void Check(RunGroup group, string model, IEnumerable<string> images)
    {
        if (group.Size == 1)
            return;
        var own = new Plan(Environment.MachineName, Version(), ModelPrint(model), ListPrint(images));
        var plans = group.Exchange(JsonSerializer.SerializeToUtf8Bytes(own)).Select(bytes => JsonSerializer.Deserialize<Plan>(bytes.Span)!).ToArray();
        for (int rank = 1; rank < plans.Length; rank++)
        {
            if (plans[rank].Difference(plans[0]) is { } difference)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Rank {rank} on {plans[rank].Machine} has {difference} on {plans[0].Machine}. "
                    + $"All processes must see the same: use a folder that the machines share, or copies of it."));
            }
        }
    }

    private static string Version() =>
        typeof(VisionTransformerTrainer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Of a file its content; of a folder the names and lengths of its files; a hub's model is known by its name alone.</summary>
    private static string ModelPrint(string model)
    {
        if (File.Exists(model))
        {
            using var stream = File.OpenRead(model);
            return string.Create(CultureInfo.InvariantCulture, $"{stream.Length} bytes, {Short(SHA256.HashData(stream))}");
        }

        return Directory.Exists(model) ? ListPrint(Directory.EnumerateFiles(model).Select(NameAndLength).Order(StringComparer.Ordinal)) : model;
    }

    private static string NameAndLength(string path) =>
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)} {new FileInfo(path).Length}");

    private static string ListPrint(IEnumerable<string> names)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int count = 0;
        foreach (string name in names)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData([0]);
            count++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{count} files, {Short(hash.GetHashAndReset())}");
    }

    private static string Short(byte[] hash) => Convert.ToHexString(hash, 0, 4);

    private sealed record Plan(string Machine, string Version, string Model, string Images)
    {
        internal string? Difference(Plan first) =>
            Version != first.Version ? $"version {Version} of the library, and rank 0 has {first.Version}"
            : Model != first.Model ? $"another model ({Model}) than rank 0 ({first.Model})"
            : Images != first.Images ? $"other images ({Images}) than rank 0 ({first.Images})"
            : null;
    }
}
