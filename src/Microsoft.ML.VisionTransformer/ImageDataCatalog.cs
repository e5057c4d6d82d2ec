// Extension methods of ML.NET's data catalog: loading a folder of labeled images, and sharding rows among processes.
using System.Globalization;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML;

/// <summary>Extends <see cref="DataOperationsCatalog"/> with loading of image folders and sharding of rows among processes.</summary>
public static class ImageDataCatalog
{
    /// <summary>
    /// Lists the images in <c>folder/&lt;class&gt;/</c>, with the columns <c>ImagePath</c> (text, the full path) and <c>Label</c> (text, the name of the
    /// class folder). Images are not decoded.
    /// </summary>
    /// <remarks>
    /// The order is the same on every machine: by class, then by path, in ordinal order. Images may be at any depth below their class folder.
    /// Hidden files and files without an image extension (.jpg, .jpeg, .png, .bmp, .gif, .webp, .ico and the like) are ignored; their number is
    /// written to ML.NET's log.
    /// </remarks>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="folder">The folder that contains one folder per class.</param>
    /// <returns>The list of images, in memory.</returns>
    /// <exception cref="ArgumentException">The folder name is empty or blank.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">The folder has no class folders, or a class folder has no images.</exception>
    public static IDataView LoadImagesFromFolder(this DataOperationsCatalog catalog, string folder)
    {
        var found = ImageFolder.Scan(Guard.NotBlank(folder));
        using (var log = MLEnvironment.Of(Guard.NotNull(catalog)).Start(nameof(LoadImagesFromFolder)))
        {
            log.Info(MessageSensitivity.None, string.Create(
                CultureInfo.InvariantCulture,
                $"{found.Images.Count} images in {found.Classes.Count} classes; other files and folders ignored: {found.Ignored}."));
        }

        return catalog.LoadFromEnumerable(found.Images.Select(i => new ImageRow { ImagePath = i.Path, Label = i.Label }).ToArray());
    }

    /// <summary>
    /// Returns the shard of this process in a run started by an MPI launcher (<c>mpirun -n 4 program</c>): calls
    /// <see cref="ShardRows(DataOperationsCatalog, IDataView, int, int)"/> with <see cref="DistributedRun.Rank"/> and <see cref="DistributedRun.Size"/>.
    /// Without a launcher it returns the data unchanged.
    /// </summary>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="data">The rows.</param>
    /// <example><code>
    /// var images = mlContext.Data.ShardRows(mlContext.Data.LoadImagesFromFolder("photos"));
    /// var scores = model.Transform(images);    // with two processes: every second image
    /// </code></example>
    /// <returns>The shard of this process, a view of the data.</returns>
    /// <exception cref="InvalidOperationException">A launcher started the process, but no MPI library was found; the message says what to install.</exception>
    public static IDataView ShardRows(this DataOperationsCatalog catalog, IDataView data) => catalog.ShardRows(data, DistributedRun.Rank, DistributedRun.Size);

    /// <summary>
    /// Returns the shard of one of several processes: row i (from 0) belongs to process i mod <paramref name="size"/>. Shards are disjoint, together
    /// contain all rows, and differ in size by at most one; with fewer rows than processes, some shards are empty.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The result is lazy. Columns, annotations, values and row ids are those of the data; positions count the rows of the shard. Rows of other shards
    /// are skipped without reading their values, so place this before expensive steps: first the list of files, then <c>ShardRows</c>, then loading and
    /// scoring.
    /// </para>
    /// <para>
    /// The data must have the same rows in the same order in every process and each time it is read. This holds for a list of files sorted by name, such
    /// as the result of <c>LoadImagesFromFolder</c>. A shard cannot be shuffled.
    /// </para>
    /// <para>
    /// Sharding is an operation on data, not a transformer: it is not saved with a model, and any model can score a shard. Do not shard training data:
    /// the trainer does that itself, with a new split in each epoch.
    /// </para>
    /// </remarks>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rank">Rank of the process, at least 0 and below <paramref name="size"/>.</param>
    /// <param name="size">Number of processes, at least 1; 1 returns the data unchanged.</param>
    /// <returns>The shard, a view of the data.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rank"/> or <paramref name="size"/> is out of range.</exception>
    public static IDataView ShardRows(this DataOperationsCatalog catalog, IDataView data, int rank, int size)
    {
        Guard.NotNull(catalog);
        Guard.NotNull(data);
        Guard.AtLeast(size, 1);
        if (rank < 0 || rank >= size)
        {
            throw new ArgumentOutOfRangeException(nameof(rank), rank, string.Create(
                CultureInfo.InvariantCulture,
                $"rank is {rank} and size is {size}; rank must be from 0 to {size - 1}."));
        }

        return size == 1 ? data : new RowShardView(data, rank, size);
    }

    private sealed class ImageRow
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
