// Writes the files of a project: all of them, or on an error none.
namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

/// <summary>A file of a project.</summary>
/// <param name="Name">Its name in the project folder.</param>
/// <param name="Write">Writes its content.</param>
internal sealed record ProjectFile(string Name, Action<Stream> Write);

internal static class ProjectFolder
{
    /// <summary>
    /// Writes the files to a temporary folder in the project folder and then moves them. After an error the project folder is as it was: replaced files
    /// are back, and a folder that did not exist is gone.
    /// </summary>
    /// <param name="folder">The project folder; it is created if missing.</param>
    /// <param name="files">The files.</param>
    /// <param name="replace">Whether existing files are replaced; otherwise they are an error.</param>
    /// <exception cref="IOException">A file exists, or cannot be written.</exception>
    internal static void Write(string folder, IReadOnlyList<ProjectFile> files, bool replace)
    {
        string root = Path.GetFullPath(folder);
        CheckTargets(folder, files, replace);
        var created = MissingFolders(root);
        // Build tools skip folders whose name begins with a dot.
        string temporary = Path.Combine(root, $".mlnet-vit-{Guid.NewGuid():N}.tmp"), old = Path.Combine(temporary, "replaced");
        try
        {
            Directory.CreateDirectory(old);
            foreach (var file in files)
                Write(Path.Combine(temporary, file.Name), file.Write);
            Move(root, temporary, old, files);
        }
        catch
        {
            if (!Directory.Exists(old) || !Directory.EnumerateFiles(old).Any())    // otherwise a replaced file could not be put back
                DeleteIfPossible(temporary, recursive: true);
            foreach (string made in created)
                DeleteIfPossible(made, recursive: false);
            throw;
        }

        DeleteIfPossible(temporary, recursive: true);
    }

    private static void CheckTargets(string folder, IReadOnlyList<ProjectFile> files, bool replace)
    {
        if (File.Exists(folder))
            throw new IOException($"{folder} is a file; specify a folder.");
        foreach (string path in files.Select(file => Path.Combine(folder, file.Name)))
        {
            if (Directory.Exists(path))
                throw new IOException($"{path} is a folder, but a file with that name must be written; remove it, or specify another folder.");
            if (!replace && File.Exists(path))
                throw new IOException($"{path} already exists; --force replaces it.");
        }
    }

    /// <summary>The folders of a path that do not exist, the innermost first.</summary>
    private static List<string> MissingFolders(string path)
    {
        var missing = new List<string>();
        for (var folder = new DirectoryInfo(path); folder is { Exists: false }; folder = folder.Parent)
            missing.Add(folder.FullName);
        return missing;
    }

    private static void Write(string path, Action<Stream> write)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        write(stream);
        stream.Flush(flushToDisk: true);
    }

    private static void Move(string root, string temporary, string old, IReadOnlyList<ProjectFile> files)
    {
        var undo = new Stack<Action>();
        try
        {
            foreach (var file in files)
            {
                string target = Path.Combine(root, file.Name), kept = Path.Combine(old, file.Name);
                if (File.Exists(target))
                {
                    File.Move(target, kept);
                    undo.Push(() => File.Move(kept, target, overwrite: true));
                }

                File.Move(Path.Combine(temporary, file.Name), target);
                undo.Push(() => File.Delete(target));
            }
        }
        catch
        {
            while (undo.TryPop(out var step))
                step();
            throw;
        }
    }

    private static void DeleteIfPossible(string folder, bool recursive)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use, no permission, or not empty because someone else has put files there.
        }
    }
}
