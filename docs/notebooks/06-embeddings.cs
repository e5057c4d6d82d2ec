// Searches photos with embeddings, draws a map of them and trains a classifier on them; the notebook 06-embeddings.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Search photos with embeddings
//
// Without its last layer, a Vision Transformer turns a photo into a vector, its embedding. Photos
// that look alike have vectors that point in the same direction. This notebook searches for
// similar photos, draws a map of all photos, and trains one of ML.NET's own classifiers on the
// embeddings.
//
// > **About the saved outputs.** The machine that ran this notebook had no network. Its outputs come
// > from a ViT-Ti that was trained on the 200 classes of Tiny ImageNet. The model that the code names
// > was trained on ImageNet-21k. It gives other values, usually better ones.
//
// Photos: CC BY 2.0, [credits](photos/README.md).

// %% [packages]

// %%
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer;
using SkiaSharp;

// %% [program]
// A notebook has HTML and display; a program writes what they show to a page for the browser. Errors are printed without a stack trace.
AppDomain.CurrentDomain.UnhandledException += (_, e) =>
{
    Console.Error.WriteLine(((Exception)e.ExceptionObject).Message);
    Environment.Exit(1);
};

static string HTML(string html) => html;

static void display(string html)
{
    string page = Path.Combine(Path.GetTempPath(), $"notebook-{Environment.ProcessId}.html");
    File.AppendAllText(page, html + "\n<hr>\n");
    Console.WriteLine($"[{html.Length} characters of HTML: open {page}]");
}

// %% folded
// Finding the photos, and drawing them as a sheet with captions.
#pragma warning disable CS8321 // not every notebook uses all of these functions
static string FindPhotos(string name)
{
    string beside = Path.Combine("photos", name);
    string[] places = [.. Environment.GetCommandLineArgs().Skip(1).Take(1), beside, Path.Combine("docs", "notebooks", beside)];
    return places.FirstOrDefault(Directory.Exists) ?? throw new DirectoryNotFoundException(
        $"There is no folder {beside} here. Pass your own photos as the first argument: a folder with one subfolder of .jpg files per class. "
        + "The photos of this notebook are in docs/notebooks/photos of the repository.");
}

static List<string> PhotosIn(string folder) =>
    Directory.GetFiles(folder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();

static string ClassOf(string path) => Path.GetFileName(Path.GetDirectoryName(path)!);

static IEnumerable<string> OfEachClass(IEnumerable<string> photos, int count) =>
    photos.GroupBy(ClassOf).OrderBy(c => c.Key, StringComparer.Ordinal).SelectMany(c => c.Take(count));

static (byte[] Image, string Caption, bool? Right) Tile(string photo) => (File.ReadAllBytes(photo), ClassOf(photo), null);

static (byte[] Image, string Caption, bool? Right) Answer(string photo, string predicted, float probability) =>
    (File.ReadAllBytes(photo), predicted == ClassOf(photo) ? $"{predicted} {probability * 100:0}%" : $"{predicted} ({ClassOf(photo)})", predicted == ClassOf(photo));

static string Sheet(string alt, int columns, IEnumerable<(byte[] Image, string Caption, bool? Right)> tiles, int size = 150)
{
    var all = tiles.ToList();
    int width = size + 12, height = size + 34;
    using var sheet = new SKBitmap(columns * width + 12, (all.Count + columns - 1) / columns * height + 12);
    using var canvas = new SKCanvas(sheet);
    using var paint = new SKPaint { FilterQuality = SKFilterQuality.High, IsAntialias = true };
    using var text = new SKPaint
    {
        TextSize = 15, IsAntialias = true, TextAlign = SKTextAlign.Center, Typeface = SKTypeface.FromFamilyName("DejaVu Sans"),
    };
    canvas.Clear(SKColors.White);
    for (int i = 0; i < all.Count; i++)
    {
        using var photo = SKBitmap.Decode(all[i].Image);
        float side = Math.Min(photo.Width, photo.Height);
        var place = SKRect.Create(12 + i % columns * width, 12 + i / columns * height, size, size);
        canvas.DrawBitmap(photo, SKRect.Create((photo.Width - side) / 2, (photo.Height - side) / 2, side, side), place, paint);
        paint.Color = text.Color = all[i].Right switch { true => SKColor.Parse("#1f6fb2"), false => SKColor.Parse("#b3261e"), _ => SKColor.Parse("#333333") };
        if (all[i].Right is not null)
            canvas.DrawRect(place.Left, place.Bottom, size, 5, paint);
        text.TextSize = 15;
        text.TextSize *= Math.Min(1, (size + 6) / Math.Max(1, text.MeasureText(all[i].Caption)));
        canvas.DrawText(all[i].Caption, place.MidX, place.Bottom + 21, text);
    }

    using var data = sheet.Encode(SKEncodedImageFormat.Jpeg, 85);
    return $"<img alt='{alt}' src='data:image/jpeg;base64,{Convert.ToBase64String(data.ToArray())}'>";
}

// %% [markdown]
// ## Compute the embeddings
//
// `VisionTransformerFeatures` adds a column with the embedding. Nothing is trained: `Fit` only
// loads the weights. `Normalize` gives each vector the length 1, so the product of two vectors is
// the cosine of the angle between them. Cache the result, because each pass over the rows would
// run the network again.

// %%
string photos = FindPhotos("flowers");
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var options = new VisionTransformerFeatureOptions
{
    PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    Normalize = true,
};
var featurizer = mlContext.Transforms.VisionTransformerFeatures("Features", "ImagePath", options);
var embedder = featurizer.Fit(images);
IDataView embedded = mlContext.Data.Cache(embedder.Transform(images), "Features", "ImagePath", "Label");
var rows = mlContext.Data.CreateEnumerable<Embedded>(embedded, reuseRowObject: false).ToList();
Console.WriteLine($"{rows.Count} photos");

// %% varies
Console.WriteLine($"{embedder.Dimension} numbers per photo");

// %% [markdown]
// ## Find similar photos
//
// Compare the photo that you search with against all others and sort. The photo at the left of
// each row is the query. The six photos beside it are the most similar ones, with their cosine. A
// red caption is a photo of another class. The network was not told the classes.
//
// This plain search is fast enough for some ten thousand photos. For more, put the vectors into a
// vector database.

// %% varies
double Cosine(Embedded a, Embedded b) => a.Features.Zip(b.Features, (x, y) => (double)x * y).Sum();

var queries = rows.GroupBy(r => r.Label).Select(flower => flower.ElementAt(flower.Count() / 2)).ToList();
IEnumerable<Embedded> Nearest(Embedded query) =>
    rows.Where(r => r != query).OrderByDescending(r => Cosine(query, r)).Take(6);
(byte[], string, bool?) Found(Embedded query, Embedded r) =>
    (File.ReadAllBytes(r.ImagePath), $"{r.Label} {Cosine(query, r):0.00}", r.Label == query.Label);
var sheet = queries.SelectMany(query =>
    Nearest(query).Select(r => Found(query, r)).Prepend(Tile(query.ImagePath)));
display(HTML(Sheet("In each row a photo at the left, and the six photos that are most similar to it", columns: 7,
    sheet, size: 126)));

// %% varies
int sameClass = rows.Count(r => Nearest(r).First().Label == r.Label);
Console.WriteLine($"the most similar photo is of the same class for {sameClass} of {rows.Count} photos");

// %% [markdown]
// ## Draw a map
//
// Principal components place the vectors on a plane. Photos that lie together look alike to the
// network. The color of a frame is the class of the photo.

// %% folded
// Drawing photos at their places on a plane, with a frame in the color of their class.
static string Map(string alt, IReadOnlyList<(string Photo, float X, float Y)> places)
{
    const int Width = 1000, Height = 680, Side = 64;
    SKColor[] colors = [.. new[] { "#0072b2", "#e69f00", "#cc3311", "#009988", "#aa3377", "#777777" }.Select(SKColor.Parse)];
    var classes = places.Select(p => ClassOf(p.Photo)).Distinct().Order().ToList();
    using var map = new SKBitmap(Width, Height);
    using var canvas = new SKCanvas(map);
    using var paint = new SKPaint { FilterQuality = SKFilterQuality.High, IsAntialias = true, TextSize = 17, Typeface = SKTypeface.FromFamilyName("DejaVu Sans") };
    canvas.Clear(SKColors.White);
    float Place(float value, IEnumerable<float> all, float length) => (value - all.Min()) / Math.Max(1e-6f, all.Max() - all.Min()) * (length - Side - 24) + 12;
    foreach (var (photo, x, y) in places)
    {
        using var picture = SKBitmap.Decode(photo);
        float side = Math.Min(picture.Width, picture.Height);
        var place = SKRect.Create(Place(x, places.Select(p => p.X), Width), 40 + Place(y, places.Select(p => p.Y), Height - 40), Side, Side);
        paint.Color = colors[classes.IndexOf(ClassOf(photo)) % colors.Length];
        canvas.DrawRect(SKRect.Inflate(place, 4, 4), paint);
        paint.Color = SKColors.White;
        canvas.DrawBitmap(picture, SKRect.Create((picture.Width - side) / 2, (picture.Height - side) / 2, side, side), place, paint);
    }

    float left = 12;
    foreach (string name in classes)
    {
        paint.Color = colors[classes.IndexOf(name) % colors.Length];
        canvas.DrawRect(left, 10, 18, 18, paint);
        canvas.DrawText(name, left + 26, 25, paint);
        left += 60 + paint.MeasureText(name);
    }

    using var data = map.Encode(SKEncodedImageFormat.Jpeg, 85);
    return $"<img alt='{alt}' src='data:image/jpeg;base64,{Convert.ToBase64String(data.ToArray())}'>";
}

// %% varies
var plane = mlContext.Transforms.ProjectToPrincipalComponents("Place", "Features", rank: 2, seed: 1)
    .Fit(embedded).Transform(embedded);
var places = mlContext.Data.CreateEnumerable<Placed>(plane, reuseRowObject: false)
    .Select(p => (p.ImagePath, p.Place[0], p.Place[1])).ToList();
display(HTML(Map("All photos on a plane. Photos that look alike lie together", places)));

// %% [markdown]
// ## Train another classifier on top
//
// The embedding is an ordinary feature column, so every trainer of ML.NET can use it. This is a
// linear model, SDCA. LightGBM and AutoML work in the same way. The features are cached, so
// training and testing ten models takes a second or two.

// %% varies
var classifiers = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
    .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy("LabelKey", "Features"));
var folds = mlContext.MulticlassClassification.CrossValidate(
    embedded, classifiers, numberOfFolds: 10, labelColumnName: "LabelKey", seed: 1);
double accuracy = folds.Average(f => f.Metrics.MicroAccuracy);
Console.WriteLine($"mean accuracy of {folds.Count} models: {accuracy * 100:0.0}%");

// %% [markdown]
// A pipeline with the featurizer and the classifier is saved as one `.zip` file, with the network
// inside. Here it classifies five photos after loading.

// %%
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
    .Append(featurizer)
    .AppendCacheCheckpoint(mlContext)
    .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy("LabelKey", "Features"))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 3);
var model = pipeline.Fit(split.TrainSet);
string file = Path.Combine(Path.GetTempPath(), $"flowers-{Environment.ProcessId}.zip");
mlContext.Model.Save(model, images.Schema, file);
model.Dispose();
embedder.Dispose();

var loaded = mlContext.Model.Load(file, out var schema);
var engine = mlContext.Model.CreatePredictionEngine<Photo, Prediction>(loaded, schema);

// %% varies
(byte[], string, bool?) Predict(string path)
{
    var prediction = engine.Predict(new Photo { ImagePath = path });
    return Answer(path, prediction.PredictedLabel, prediction.Score.Max());
}
display(HTML(Sheet("Five test photos with their predicted classes", columns: 5,
    OfEachClass(split.TestSet.GetColumn<string>("ImagePath"), 1).Select(Predict))));

// %%
engine.Dispose();
File.Delete(file);

// %% [markdown]
// Labels are needed for the classifier only. To search your own photos, set `photos` to a folder
// with one or more subfolders of photos. Models such as `"dinov2-small"` were trained for
// embeddings and need no labels either.

// %% [types] folded
// The rows of this notebook.
public sealed class Photo
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

public sealed class Embedded
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    public float[] Features { get; set; } = [];
}

public sealed class Placed
{
    public string ImagePath { get; set; } = "";

    public float[] Place { get; set; } = [];
}

public sealed class Prediction
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
