// What users type: a folder of labelled images as data.
using System.Globalization;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML;

/// <summary>Adds folders of images to <see cref="DataOperationsCatalog"/>.</summary>
public static class ImageFolderCatalog
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

    private sealed class ImageRow
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
