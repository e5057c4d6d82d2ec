// A column of images in ML.NET data: encoded bytes, MLImage, paths or pixels, each read as an ImageSource; and a bound on undisposed images.
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Images.Input;

/// <summary>The image column of a schema. Defines the column types that training and prediction accept.</summary>
internal sealed class ImageColumn
{
    private const string Accepted =
        "an encoded image (vector of Byte, from LoadRawImageBytes), an MLImage (LoadImages), a path (Text), "
        + "or pixels (vector of Single of known size, ExtractPixels)";

    private readonly PixelVectorLayout? _layout;

    private ImageColumn(DataViewSchema.Column column, PixelVectorLayout? layout)
    {
        Column = column;
        _layout = layout;
    }

    internal DataViewSchema.Column Column { get; }

    /// <summary>Whether the column holds pixels that the user prepared, which are used unchanged.</summary>
    internal bool HoldsPixels => _layout is not null;

    /// <summary>Whether those pixels are interleaved, [height, width, channels].</summary>
    internal bool IsInterleaved => _layout?.IsInterleaved == true;

    /// <summary>Finds the column and checks its type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it has another type.</exception>
    internal static ImageColumn Of(DataViewSchema schema, string name, ImagePreprocessing settings)
    {
        if (schema.GetColumnOrNull(name) is not { } column)
            throw Missing(name);
        return column.Type switch
        {
            TextDataViewType or ImageDataViewType => new ImageColumn(column, null),
            VectorDataViewType { ItemType: NumberDataViewType item } when item == NumberDataViewType.Byte => new ImageColumn(column, null),
            VectorDataViewType { ItemType: NumberDataViewType item } vector when item == NumberDataViewType.Single =>
                new ImageColumn(column, new PixelVectorLayout(vector, name, settings)),
            _ => throw Mismatch(name, column.Type.ToString()!),
        };
    }

    /// <summary>The same check on a schema shape, before any data is available.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it has another type.</exception>
    internal static void Check(SchemaShape schema, string name)
    {
        var found = schema.Where(c => c.Name == name).ToArray();
        if (found.Length == 0)
            throw Missing(name);
        var column = found[0];
        bool scalar = column.Kind == SchemaShape.Column.VectorKind.Scalar;
        bool accepted = !column.IsKey && (scalar
            ? column.ItemType is TextDataViewType or ImageDataViewType
            : column.ItemType == NumberDataViewType.Byte || column.ItemType == NumberDataViewType.Single);
        if (!accepted)
            throw Mismatch(name, $"{(column.IsKey ? "Key of " : "")}{(scalar ? "" : "vector of ")}{column.ItemType}");
    }

    /// <summary>
    /// Returns a function that reads the image of the cursor's current row, as a copy that outlives the row. If the row has no image, or the transform that
    /// loads it fails (<c>LoadRawImageBytes</c> and <c>LoadImages</c> with a path that does not exist), the result is a source that throws when it is used.
    /// </summary>
    internal Func<ImageSource> Open(DataViewRow row)
    {
        var read = OpenBorrowed(row);
        return () => read().Owned();
    }

    /// <summary>
    /// As <see cref="Open"/>, but the content is valid only until the next row is read, so a store that writes it to a file needs no array per image. Large
    /// arrays are collected late, and a long pass over the data would fill the memory with them.
    /// </summary>
    internal Func<ImageSource> OpenBorrowed(DataViewRow row)
    {
        var read = Column.Type switch
        {
            TextDataViewType => OpenPaths(row),
            ImageDataViewType => OpenImages(row),
            _ => HoldsPixels ? OpenPixels(row) : OpenEncoded(row),
        };
        return () => Take(read, row);
    }

    /// <summary>
    /// Opens a cursor over columns of the data, including the image column. It runs on the thread that moves it: ML.NET's parallel cursor reads many rows
    /// ahead, and a file that <c>LoadRawImageBytes</c> does not find would fail all of them. Decoding by <c>LoadImages</c> stays parallel.
    /// </summary>
    internal DataViewRowCursor OpenCursor(IDataView data, params DataViewSchema.Column[] columns) =>
        Column.Type is ImageDataViewType ? data.GetRowCursor(columns) : data.GetRowCursorSet(columns, 1)[0];

    private ImageSource Take(Func<ImageSource> read, DataViewRow row)
    {
        try
        {
            return read();
        }
        catch (InvalidImageException e)
        {
            return new UnreadableImageSource(e);
        }
        catch (InvalidOperationException e) when (Column.Type is ImageDataViewType && RgbImage.IsDisposedError(e))
        {
            // An earlier transform, such as ResizeImages, read an image that was disposed.
            return new UnreadableImageSource(RgbImage.Disposed(Where(row), e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || (e is ArgumentException && Column.Type is ImageDataViewType))
        {
            return new UnreadableImageSource(
                new InvalidImageException($"{Where(row)} cannot be loaded: {e.Message.TrimEnd('.')}. Correct it or leave the row out.", e));
        }
    }

    private Func<ImageSource> OpenPaths(DataViewRow row)
    {
        var getter = row.GetGetter<ReadOnlyMemory<char>>(Column);
        ReadOnlyMemory<char> path = default;
        return () =>
        {
            getter(ref path);
            return new ImageFileSource(path.ToString(), Where(row));
        };
    }

    private Func<ImageSource> OpenImages(DataViewRow row)
    {
        var getter = row.GetGetter<MLImage>(Column);
        var unreleased = new UnreleasedImages();
        return () =>
        {
            // ML.NET's getters dispose the image that is passed to them, and ResizeImages returns its source's image if that already has the right size
            // (dotnet/machinelearning issue 7444). Passing back the last image could dispose the caller's, so pass null.
            MLImage? image = null;
            getter(ref image!);
            if (image is null)
                throw new InvalidImageException($"{Where(row)} has no image. Fill it in or leave the row out.");
            var copy = RgbImage.From(image, Where(row));
            unreleased.Add(copy.Width, copy.Height);
            return new DecodedImageSource(copy);
        };
    }

    private Func<ImageSource> OpenEncoded(DataViewRow row)
    {
        var getter = row.GetGetter<VBuffer<byte>>(Column);
        VBuffer<byte> bytes = default;
        byte[] buffer = [];
        return () =>
        {
            getter(ref bytes);
            if (bytes.Length > buffer.Length)
                buffer = GC.AllocateUninitializedArray<byte>(Math.Max(bytes.Length, (int)Math.Min(2L * buffer.Length, Array.MaxLength)));
            bytes.CopyTo(buffer.AsSpan(0, bytes.Length));
            return new BorrowedImageSource(buffer.AsMemory(0, bytes.Length), Where(row));
        };
    }

    private Func<ImageSource> OpenPixels(DataViewRow row)
    {
        var getter = row.GetGetter<VBuffer<float>>(Column);
        VBuffer<float> values = default;
        return () =>
        {
            getter(ref values);
            float[] pixels = _layout!.ToPlanar([.. values.DenseValues()]);
            foreach (float value in pixels)
            {
                if (!float.IsFinite(value))
                {
                    throw new InvalidImageException(
                        $"{Where(row)} has the pixel value {value.ToString(CultureInfo.InvariantCulture)}. Correct it or leave the row out.");
                }
            }

            return new PixelVectorSource(pixels);
        };
    }

    private string Where(DataViewRow row) => new ImageLocation(row.Position, Column.Name).ToString();

    private static ArgumentOutOfRangeException Missing(string name) =>
        Guard.SchemaMismatch($"Could not find the image column '{MessageText.Of(name)}'. "
            + $"Set FeatureColumnName to the column of the images; it can hold {Accepted}.");

    private static ArgumentOutOfRangeException Mismatch(string name, string found) =>
        Guard.SchemaMismatch($"Schema mismatch for the image column '{name}': expected {Accepted}, got {found}.");
}

/// <summary>
/// Bounds the native memory of images that are never disposed.
/// An <see cref="MLImage"/> that is read from a column may belong to the caller, even after a transform, so it must not be disposed here. Most are created
/// for one row and are garbage after it, but the garbage collector counts a few bytes of each and not its pixels. A collection is forced each time
/// <see cref="MaxBytes"/> of pixels have been read. Not thread-safe.
/// </summary>
internal sealed class UnreleasedImages
{
    /// <summary>Bytes of pixels between two collections: rare enough that the cost is negligible compared to decoding.</summary>
    internal const long MaxBytes = 256L << 20;

    private const int BytesPerPixel = 4;

    private long _bytes;

    /// <summary>Counts an image that has been read.</summary>
    /// <param name="width">Its width in pixels.</param>
    /// <param name="height">Its height in pixels.</param>
    internal void Add(int width, int height)
    {
        _bytes += (long)width * height * BytesPerPixel;
        if (_bytes < MaxBytes)
            return;
        _bytes = 0;
        GC.Collect(1);    // the images are in the young generations
        GC.WaitForPendingFinalizers();
    }
}
