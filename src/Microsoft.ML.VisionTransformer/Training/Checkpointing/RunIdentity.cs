// The identity of a run: everything that must match for a run to resume from a checkpoint, or for a finished run to be returned.
using System.Globalization;
using System.IO.Hashing;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Checkpointing;

/// <summary>
/// Everything that the weights of a run depend on, under user-facing names: all properties of its plan except those with a
/// <see cref="NotInIdentityAttribute"/>, the weights of the pretrained model, and classes, labels, weights and images of all rows.
/// docs/run-identity.md has the table.
/// </summary>
internal static class RunIdentity
{
    /// <summary>The properties of a plan that the weights depend on.</summary>
    internal static IReadOnlyList<PropertyInfo> Properties { get; } =
        [.. Settable.Where(property => property.GetCustomAttribute<NotInIdentityAttribute>() is null)];

    /// <summary>The settable properties of a plan; the others are derived from them.</summary>
    internal static IEnumerable<PropertyInfo> Settable => typeof(TrainingPlan).GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Where(p => p.CanWrite);

    /// <summary>The identity of a run.</summary>
    /// <param name="plan">Its settings.</param>
    /// <param name="pretrained">The network with the weights of the pretrained model; null for random weights, which the seed determines.</param>
    /// <param name="classes">The classes of the label.</param>
    /// <param name="training">The training rows; all of their images are read.</param>
    /// <param name="validation">The validation rows, likewise.</param>
    /// <param name="checkAlive">Throws when the run was canceled.</param>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal static SortedDictionary<string, string> Of(
        TrainingPlan plan, VisionTransformerNetwork? pretrained, IReadOnlyList<string> classes, TrainingRow[] training, TrainingRow[] validation, Action checkAlive)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["the weights of the pretrained model"] = pretrained is null ? "none" : HashOf(pretrained),
            ["the classes"] = HashOf(classes),
            ["the number of training rows"] = Text(training.Length),
            ["the number of validation rows"] = Text(validation.Length),
            ["labels or weights of the training rows"] = HashOf(training.Select(Target)),
            ["labels or weights of the validation rows"] = HashOf(validation.Select(Target)),
            ["the images of the training rows"] = ImageHash.Of(training, checkAlive),
            ["the images of the validation rows"] = ImageHash.Of(validation, checkAlive),
        };
        foreach (var property in Properties)
            identity.Add(NameOf(property), Text(property.GetValue(plan)));
        return identity;
    }

    /// <summary>The user-facing name of a property.</summary>
    internal static string NameOf(PropertyInfo property) => property.GetCustomAttribute<OptionNameAttribute>()?.Name ?? property.Name;

    /// <summary>An identity with the batch size of another.</summary>
    internal static IReadOnlyDictionary<string, string> WithBatchSizeOf(IReadOnlyDictionary<string, string> other, IReadOnlyDictionary<string, string> identity) =>
        new Dictionary<string, string>(identity, StringComparer.Ordinal) { ["BatchSize"] = other["BatchSize"] };

    /// <summary>An identity with current names: earlier builds had another name for <see cref="TrainingPrecision.Float32"/>.</summary>
    internal static IReadOnlyDictionary<string, string> WithCurrentNames(IReadOnlyDictionary<string, string> identity) =>
        identity.GetValueOrDefault(nameof(TrainingPlan.Precision)) != "Full"
            ? identity
            : new Dictionary<string, string>(identity, StringComparer.Ordinal) { [nameof(TrainingPlan.Precision)] = nameof(TrainingPrecision.Float32) };

    /// <summary>Descriptions of the differences; empty if there are none.</summary>
    internal static IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> was, IReadOnlyDictionary<string, string> now)
    {
        const int Readable = 40;
        return
        [
            .. was.Keys.Union(now.Keys).Where(key => was.GetValueOrDefault(key) != now.GetValueOrDefault(key)).Select(key =>
                !was.TryGetValue(key, out string? old) ? $"{key} (another version of the library wrote the checkpoint without it)"
                : now.TryGetValue(key, out string? value) && old.Length <= Readable && value.Length <= Readable ? $"{key} was {Shown(old)} and is now {Shown(value)}"
                : $"{key}"),
        ];
    }

    /// <summary>A fraction with the digits of a float32: 0.3, although the stored text is 0.30000001192092896.</summary>
    private static string Shown(string text) =>
        text.Contains('.', StringComparison.Ordinal) && double.TryParse(text, CultureInfo.InvariantCulture, out double value)
            ? ((float)value).ToString(CultureInfo.InvariantCulture)
            : text;

    private static string Target(TrainingRow row) => Text(row.Class) + " " + Text(row.Weight);

    /// <summary>The value of a property as text. An unknown type is an error: different values must not have the same text.</summary>
    private static string Text(object? value) => value switch
    {
        null => "none",
        string text => text,
        bool or Enum => $"{value}",
        IFormattable number and (int or long or float or double) => number.ToString(null, CultureInfo.InvariantCulture),
        HeadPlan head => $"{head.Fit} {string.Join(',', head.Rows)}",
        IReadOnlyDictionary<string, float> weights => Json(new SortedDictionary<string, float>(weights.ToDictionary(), StringComparer.Ordinal)),
        VisionTransformerArchitecture or ImagePreprocessing or TrainingAugmentations or VisionTransformerTrainer.EarlyStopping => Json(value),
        _ => throw new NotSupportedException($"RunIdentity cannot compare values of type {value.GetType()}; add the type to RunIdentity.Text."),
    };

    private static string Json(object value) => Encoding.UTF8.GetString(ModelJson.Write(value));

    /// <summary>Too long to be shown in a message.</summary>
    private static string HashOf(IEnumerable<string> texts)
    {
        var hash = new XxHash128();
        foreach (string text in texts)
        {
            hash.Append(BitConverter.GetBytes(text.Length));
            hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
        }

        return HashText.Of(hash);
    }

    private static string HashOf(VisionTransformerNetwork network)
    {
        using var mode = no_grad();
        var hash = new XxHash128();
        var named = network.named_parameters().Select(p => (p.name, Values: (Tensor)p.parameter)).Concat(network.named_buffers().Select(b => (b.name, Values: b.buffer)));
        foreach (var (name, values) in named.OrderBy(tensor => tensor.name, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            hash.Append(Encoding.UTF8.GetBytes($"{name} [{string.Join(',', values.shape)}]"));
            foreach (var chunk in TensorMemory.Chunks(values.reshape(-1)))
                hash.Append(MemoryMarshal.AsBytes(new TensorMemory(chunk).GetSpan()));
        }

        return HashText.Of(hash);
    }
}

/// <summary>Hashes as text, longer than the values shown in messages.</summary>
internal static class HashText
{
    internal static string Of(XxHash128 hash) => $"XXH128 {Convert.ToHexString(hash.GetCurrentHash())} of the content";
}

/// <summary>
/// XXH128 of the entire content of every image, in the order of the rows. This reads every file once; a cheaper check would miss changes (an edited
/// photo may have the size, the time stamp and most bytes of the old one). File names are not included, so a data set may be moved.
/// </summary>
internal static class ImageHash
{
    /// <summary>Rows between two checks for cancellation.</summary>
    private const int RowsAtATime = 256;

    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal static string Of(TrainingRow[] rows, Action checkAlive)
    {
        var all = new XxHash128();
        var hashes = new UInt128[Math.Min(RowsAtATime, rows.Length)];
        for (int start = 0; start < rows.Length; start += RowsAtATime)
        {
            checkAlive();
            int first = start, count = Math.Min(RowsAtATime, rows.Length - first);
            ParallelImages.For(count, i => hashes[i] = Of(rows[first + i].Image));
            all.Append(MemoryMarshal.AsBytes(hashes.AsSpan(0, count)));
        }

        return HashText.Of(all);
    }

    private static UInt128 Of(ImageSource image)
    {
        var hash = new XxHash128();
        image.AddTo(hash);
        return hash.GetCurrentHashAsUInt128();
    }
}
