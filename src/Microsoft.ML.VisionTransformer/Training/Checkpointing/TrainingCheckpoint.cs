// The checkpoint file that an interrupted training resumes from.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Checkpointing;

/// <summary>
/// A safetensors file with flat tensors of the weights and the optimizer, split where a span would be too long, <see cref="RunProgress"/> and
/// <see cref="RunIdentity"/> as metadata, and a checksum of all bytes at the end. It is written to a temporary file and renamed, so a complete one
/// always exists; the previous one is kept under another name.
/// </summary>
internal static class TrainingCheckpoint
{
    /// <summary>Advice for errors when no checkpoint can be used.</summary>
    internal const string Advice = "Delete it to start over, or set WorkspacePath to another folder.";

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
            string last = File.Exists(path) ? "The previous checkpoint still exists, and training resumes from it" : "There is no earlier checkpoint; training starts over";
            throw new IOException(
                $"The training checkpoint {path} could not be written: {e.Message.TrimEnd('.')}. {last} when Fit is called again. Free space there, or set WorkspacePath to another folder.", e);
        }
    }

    /// <summary>Progress and identity of the run in the file; null if there is no file.</summary>
    /// <exception cref="InvalidDataException">The file is not a training checkpoint, has another version, or is damaged.</exception>
    internal static (RunProgress Progress, IReadOnlyDictionary<string, string> Identity)? Describe(string path)
    {
        if (!File.Exists(path))
            return null;
        using var file = Open(path);
        if (file.Metadata.GetValueOrDefault(VersionKey) is var version && version != Version)
        {
            throw Broken(path, version == VersionWithoutChecksum
                ? "it was written by an earlier version of the library and has no checksum, so damage could not be detected; finish the training with that version"
                : "it is not a training checkpoint that this version of the library can read");
        }

        if (!HasItsChecksum(path))
            throw Broken(path, "its checksum does not match: its bytes were changed after it was written");
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

    /// <summary>Fills flat tensors from the file, by name.</summary>
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
        TensorMemory.Chunks(tensor.Values).Select((chunk, number) => (ChunkName(tensor.Name, number), chunk.shape, (ReadOnlyMemory<float>)new TensorMemory(chunk).Memory));

    private static void Fill(SafetensorsCheckpoint file, string name, Tensor values)
    {
        using var scope = NewDisposeScope();
        long start = 0;
        int number = 0;
        foreach (var chunk in TensorMemory.Chunks(values))
        {
            string chunkName = ChunkName(name, number++);
            if (!file.Tensors.TryGetValue(chunkName, out var stored) || stored.Count != chunk.numel())
                throw Broken(file.Path, string.Create(CultureInfo.InvariantCulture, $"{chunkName} is missing or does not have {chunk.numel()} values"));
            try
            {
                stored.CopyTo(new TensorMemory(chunk).GetSpan());
            }
            catch (InvalidCheckpointException e)
            {
                throw Broken(file.Path, e.Message, e);
            }

            values.narrow(0, start, chunk.numel()).copy_(chunk);
            start += chunk.numel();
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

    private static string ChunkName(string name, int number) => string.Create(CultureInfo.InvariantCulture, $"{name}.{number}");

    private static InvalidDataException Broken(string path, string what, Exception? inner = null) =>
        new($"The training checkpoint {path} cannot be used: {what}.", inner);
}
