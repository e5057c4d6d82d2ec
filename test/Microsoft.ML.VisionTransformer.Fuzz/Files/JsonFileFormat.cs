// A JSON file of a checkpoint's folder.
namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <param name="root">The golden checkpoints.</param>
/// <param name="folders">Folders of checkpoints, each of which has the file.</param>
/// <param name="name">The file.</param>
/// <param name="format">Number of the format.</param>
internal sealed class JsonFileFormat(string root, string[] folders, string name, int format) : CheckpointFormat
{
    private readonly byte[][] _files = [.. folders.Select(folder => File.ReadAllBytes(Path.Combine(root, folder, name)))];

    private protected override bool IsLone => false;

    internal override byte[] Make(int number) => JsonMutator.Change(_files[number % _files.Length], RandomOf(format, number));

    private protected override string Write(byte[] file, int number, string folder)
    {
        CopyFolder(Path.Combine(root, folders[number % folders.Length]), folder, name);
        File.WriteAllBytes(Path.Combine(folder, name), file);
        return folder;
    }
}
