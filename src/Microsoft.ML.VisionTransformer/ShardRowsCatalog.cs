// What users type to share the rows of a data view out among several processes.
using System.Globalization;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Transformers;

namespace Microsoft.ML;

/// <summary>Adds shares of rows to <see cref="DataOperationsCatalog"/>, for scoring with many processes.</summary>
public static class ShardRowsCatalog
{
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

        return size == 1 ? data : new RowShareView(data, rank, size);
    }
}
