// What users type to have images as data: a folder of labelled images, and a process's share of any rows.
using System.Globalization;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML;

/// <summary>Adds folders of images, and shares of rows for scoring with many processes, to <see cref="DataOperationsCatalog"/>.</summary>
public static class ImageDataCatalog
{
    /// <summary>
    /// Lists the images in <c>folder/&lt;class&gt;/</c>: the columns <c>ImagePath</c> (text, the full path) and <c>Label</c> (text, the name of the
    /// class folder). Nothing is decoded yet.
    /// </summary>
    /// <remarks>
    /// The order is the same on every machine: classes, then paths, by character code. Images may lie at any depth below their class folder.
    /// Hidden files and files without an image extension (.jpg, .jpeg, .png, .bmp, .gif, .webp, .ico and the like) are left out; ML.NET's log
    /// tells how many.
    /// </remarks>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="folder">The folder that holds one folder a class.</param>
    /// <returns>The list, in memory.</returns>
    /// <exception cref="ArgumentException">The folder's name is empty or blank.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder is not there.</exception>
    /// <exception cref="InvalidDataException">The folder has no class folders, or a class folder has no images.</exception>
    public static IDataView LoadImagesFromFolder(this DataOperationsCatalog catalog, string folder)
    {
        var found = ImageFolder.Scan(Guard.NotBlank(folder));
        using (var log = MLEnvironment.Of(Guard.NotNull(catalog)).Start(nameof(LoadImagesFromFolder)))
        {
            log.Info(MessageSensitivity.None, string.Create(
                CultureInfo.InvariantCulture,
                $"{found.Images.Count} images in {found.Classes.Count} classes; {found.Ignored} other files and folders left out."));
        }

        return catalog.LoadFromEnumerable(found.Images.Select(i => new ImageRow { ImagePath = i.Path, Label = i.Label }).ToArray());
    }

    /// <summary>
    /// The rows of this process, of those that an MPI launcher (<c>mpirun -n 4 program</c>) started: <see cref="ShardRows(DataOperationsCatalog,
    /// IDataView, int, int)"/> with
    /// <see cref="DistributedRun.Rank"/> and <see cref="DistributedRun.Size"/>. In a program that was started by hand it is the data as it is.
    /// </summary>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="data">The rows.</param>
    /// <example><code>
    /// var images = mlContext.Data.ShardRows(mlContext.Data.LoadImagesFromFolder("photos"));
    /// var scores = model.Transform(images);    // of every second image, where two processes were started
    /// </code></example>
    /// <returns>This process's rows, a view of the data.</returns>
    /// <exception cref="InvalidOperationException">A launcher started the process, but there is no MPI library; the message says what to install.</exception>
    public static IDataView ShardRows(this DataOperationsCatalog catalog, IDataView data) => catalog.ShardRows(data, DistributedRun.Rank, DistributedRun.Size);

    /// <summary>
    /// The rows of one of several processes: row i (from 0) belongs to process i mod <paramref name="size"/>. The shares are disjoint, together they are
    /// all rows, and their sizes differ by one at most; where there are fewer rows than processes, some are empty.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Nothing is read yet. Columns, annotations, values and row ids are those of the data; positions count the rows of the share. A row of another share
    /// is stepped over without any of its values being asked for, so put this before what is dear: first the list of files, then <c>ShardRows</c>, then
    /// loading and scoring.
    /// </para>
    /// <para>
    /// The data must have the same rows in the same order in every process and each time it is read; a list of files sorted by name has, and
    /// <c>LoadImagesFromFolder</c> sorts. The share cannot be shuffled.
    /// </para>
    /// <para>
    /// It is an operation on data and no transformer: it is not saved with a model, and a model that was fitted before or behind it scores any rows.
    /// Data to train on is not to be shared out this way: the trainer does that itself, anew in each epoch.
    /// </para>
    /// </remarks>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rank">Whose share, at least 0 and below <paramref name="size"/>.</param>
    /// <param name="size">How many processes share the rows, at least 1; 1 gives the data as it is.</param>
    /// <returns>That process's rows, a view of the data.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rank"/> or <paramref name="size"/> has a value that is not allowed.</exception>
    public static IDataView ShardRows(this DataOperationsCatalog catalog, IDataView data, int rank, int size)
    {
        Guard.NotNull(catalog);
        Guard.NotNull(data);
        Guard.AtLeast(size, 1);
        if (rank < 0 || rank >= size)
        {
            throw new ArgumentOutOfRangeException(nameof(rank), rank, string.Create(
                CultureInfo.InvariantCulture,
                $"rank is {rank}, and size is {size}: ranks count from 0, the last of them is {size - 1}."));
        }

        return size == 1 ? data : new RowShardView(data, rank, size);
    }

    private sealed class ImageRow
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
