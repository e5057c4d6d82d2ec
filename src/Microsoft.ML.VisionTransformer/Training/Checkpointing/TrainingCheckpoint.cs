// The file that an interrupted training goes on from.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Checkpointing;

/// <summary>
/// A safetensors file: flat tensors of weights and optimiser, cut where a span would be too long, and as metadata <see cref="RunProgress"/> and
/// <see cref="RunIdentity"/>, and at the end a checksum of all bytes. It is written beside and renamed, so that there is always a whole one; the one before it stays under another name.
/// </summary>
internal static class TrainingCheckpoint
{
    /// <summary>What to do where no checkpoint can be used.</summary>
    internal const string Advice = "Delete it to train anew, or set WorkspacePath to another folder.";

    private const string Version = "2", VersionWithoutChecksum = "1", VersionKey = "training_checkpoint", ProgressKey = "progress", IdentityKey = "identity";

    /// <summary>Replaces the file, which becomes the previous one.</summary>
    /// <exception cref="IOException">It cannot be written, for example because the disk is full; the old one is unchanged.</exception>
    internal static void Write(string path, string previous, RunProgress progress, IReadOnlyDictionary<string, string> identity, IEnumerable<(string Name, Tensor Values)> state)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [VersionKey] = Version,
            [ProgressKey] = Encoding.UTF8.GetString(ModelJson.Write(progress)),
            [IdentityKey] = Encoding.UTF8.GetString(ModelJson.Write(identity)),
        };
        try
        {
            SafetensorsWriter.WriteWithChecksum(path, state.SelectMany(Stored), metadata, previous);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string last = File.Exists(path) ? "The last checkpoint is still there, and the training goes on from it" : "There is none yet; the training begins anew";
            throw new IOException(
                $"The training checkpoint {path} could not be written: {e.Message.TrimEnd('.')}. {last} when Fit is called again. Free space there, or set WorkspacePath to another folder.", e);
        }
    }

    /// <summary>What the file says of its run; null where there is no file.</summary>
    /// <exception cref="InvalidDataException">The file is no training checkpoint, or of another version, or a byte of it was changed.</exception>
    internal static (RunProgress Progress, IReadOnlyDictionary<string, string> Identity)? Describe(string path)
    {
        if (!File.Exists(path))
            return null;
        using var file = Open(path);
        if (file.Metadata.GetValueOrDefault(VersionKey) is var version && version != Version)
        {
            throw Broken(path, version == VersionWithoutChecksum
                ? "it is of an earlier version of the library and has no checksum, so that damage could not be seen; end the training with that version"
                : "it is not a training checkpoint that this version of the library reads");
        }

        if (!HasItsChecksum(path))
            throw Broken(path, "its checksum differs: its bytes were changed after it was written");
        try
        {
            var (progress, identity) = (Json<RunProgress>(file, ProgressKey), Json<Dictionary<string, string?>>(file, IdentityKey));
            if (progress.Epochs?.Contains(null!) != false)
                throw new JsonException($"{ProgressKey} has no list of epochs, or one with a null");
            if (identity.FirstOrDefault(value => value.Value is null).Key is { } empty)
                throw new JsonException($"{IdentityKey} has no value for {MessageText.Of(empty)}");
            return (progress, identity!);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            throw Broken(path, e.Message, e);
        }
    }

    private static bool HasItsChecksum(string path)
    {
        try
        {
            return SafetensorsChecksum.Matches(path);
        }
        catch (IOException e)
        {
            throw Broken(path, e.Message.TrimEnd('.'), e);
        }
    }

    /// <summary>Fills flat tensors with what the file has under their names.</summary>
    /// <exception cref="InvalidDataException">The file has no such tensor, or one of another length.</exception>
    internal static void Read(string path, IEnumerable<(string Name, Tensor Values)> state)
    {
        using var mode = no_grad();
        try
        {
            using var file = Open(path);
            foreach (var (name, values) in state)
                Fill(file, name, values);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{e.Message} {Advice}", e);
        }
    }

    private static IEnumerable<(string Name, long[] Shape, ReadOnlyMemory<float> Values)> Stored((string Name, Tensor Values) tensor) =>
        TensorMemory.Parts(tensor.Values).Select((part, number) => (PartName(tensor.Name, number), part.shape, (ReadOnlyMemory<float>)new TensorMemory(part).Memory));

    private static void Fill(SafetensorsCheckpoint file, string name, Tensor values)
    {
        using var scope = NewDisposeScope();
        long start = 0;
        int number = 0;
        foreach (var part in TensorMemory.Parts(values))
        {
            string partName = PartName(name, number++);
            if (!file.Tensors.TryGetValue(partName, out var stored) || stored.Count != part.numel())
                throw Broken(file.Path, string.Create(CultureInfo.InvariantCulture, $"{partName} is missing or has not {part.numel()} values"));
            try
            {
                stored.CopyTo(new TensorMemory(part).GetSpan());
            }
            catch (InvalidCheckpointException e)
            {
                throw Broken(file.Path, e.Message, e);
            }

            values.narrow(0, start, part.numel()).copy_(part);
            start += part.numel();
        }
    }

    private static SafetensorsCheckpoint Open(string path)
    {
        try
        {
            return SafetensorsCheckpoint.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Broken(path, e.Message.TrimEnd('.'), e);
        }
    }

    private static T Json<T>(SafetensorsCheckpoint file, string key)
        where T : class => ModelJson.Read<T>(Encoding.UTF8.GetBytes(file.Metadata[key]));

    private static string PartName(string name, int number) => string.Create(CultureInfo.InvariantCulture, $"{name}.{number}");

    private static InvalidDataException Broken(string path, string what, Exception? inner = null) =>
        new($"The training checkpoint {path} cannot be used: {what}.", inner);
}
