// Extension methods of ML.NET's data catalog: loading a folder of labeled images, and sharding rows among processes.
using System.Globalization;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML;

/// <summary>
/// Extension methods of <c>mlContext.Data</c> that list an image folder and split rows among processes.
/// </summary>
/// <example>
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.Data;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext();
/// IDataView images = mlContext.Data.LoadImagesFromFolder("flowers");
/// foreach (var group in images.GetColumn<string>("Label").GroupBy(label => label))
///     Console.WriteLine($"{group.Key}: {group.Count()} photos");
/// foreach (string path in images.GetColumn<string>("ImagePath").Take(3))
///     Console.WriteLine(path);
/// ]]></code>
/// </example>
public static class ImageDataCatalog
{
    /// <summary>
    /// Lists the images in <c>folder/&lt;class&gt;/</c>. The columns are <c>ImagePath</c> (text, the full path) and
    /// <c>Label</c> (text, the name of the class folder). Images are not decoded.
    /// </summary>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="folder">The folder that contains one folder per class.</param>
    /// <returns>The list of images, in memory. The images themselves are not loaded.</returns>
    /// <exception cref="ArgumentException">The name of the folder is empty or blank.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">The folder has no class folders, or a class folder has no images.</exception>
    /// <remarks>
    /// The order is the same on every machine: by class, then by path, both in ordinal order. Images may be at any
    /// depth below their class folder. Hidden files are ignored, and so are files without an image extension (.jpg,
    /// .jpeg, .png, .bmp, .gif, .webp, .ico and similar). Their number is written to ML.NET's log.
    /// </remarks>
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
    /// Returns the shard of this process. In a run that an MPI launcher started (<c>mpirun -n 4 program</c>), it calls
    /// <see cref="ShardRows(DataOperationsCatalog, IDataView, int, int)"/> with <see cref="DistributedRun.Rank"/> and
    /// <see cref="DistributedRun.Size"/>. Without a launcher it returns the data unchanged.
    /// </summary>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="data">The rows to split.</param>
    /// <returns>The shard of this process, as a view of the data.</returns>
    /// <exception cref="InvalidOperationException">
    /// A launcher started the process, but no MPI library was found. The message names the package to install.
    /// </exception>
    /// <example>
    /// With two processes, each one scores every second image.
    /// <code><![CDATA[
    /// using Microsoft.ML;
    /// using Microsoft.ML.Data;
    /// using Microsoft.ML.VisionTransformer;
    ///
    /// var mlContext = new MLContext();
    /// using var model = mlContext.Model.LoadVisionTransformer(
    ///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
    /// var shard = mlContext.Data.ShardRows(mlContext.Data.LoadImagesFromFolder("flowers"));
    /// int scored = model.Transform(shard).GetColumn<float[]>("Score").Count();
    /// Console.WriteLine($"Process {DistributedRun.Rank} scored {scored} images.");
    /// ]]></code>
    /// </example>
    public static IDataView ShardRows(this DataOperationsCatalog catalog, IDataView data) => catalog.ShardRows(data, DistributedRun.Rank, DistributedRun.Size);

    /// <summary>
    /// Returns the shard of one of several processes: row i, counted from 0, goes to process i mod
    /// <paramref name="size"/>. Together the shards contain every row exactly once, and their sizes differ by at most
    /// one row. If there are fewer rows than processes, some shards are empty.
    /// </summary>
    /// <param name="catalog">The data catalog of an <see cref="MLContext"/>.</param>
    /// <param name="data">The rows to split.</param>
    /// <param name="rank">Rank of the process, at least 0 and below <paramref name="size"/>.</param>
    /// <param name="size">Number of processes, at least 1. With 1 the data is returned unchanged.</param>
    /// <returns>The shard, as a view of the data.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rank"/> or <paramref name="size"/> is out of range.</exception>
    /// <remarks>
    /// <para>
    /// The result is lazy. Columns, annotations, values and row ids are those of the data, and positions count the rows
    /// of the shard. Rows of other shards are skipped without reading their values. Therefore call <c>ShardRows</c>
    /// before expensive steps: list the files, then shard, then load and score.
    /// </para>
    /// <para>
    /// The data must have the same rows in the same order in every process and each time it is read. A list of files
    /// sorted by name meets this condition, for example the result of <c>LoadImagesFromFolder</c>. A shard cannot be
    /// shuffled.
    /// </para>
    /// <para>
    /// Sharding is an operation on data, not a transformer. It is not saved with a model, and any model can score a
    /// shard. Do not shard training data: the trainer does that itself, with a new split in each epoch.
    /// </para>
    /// </remarks>
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
