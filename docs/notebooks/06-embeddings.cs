// Turns photos into vectors: finds neighbours, makes clusters, and feeds another trainer of ML.NET; the notebook 06-embeddings.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Embeddings
//
// Take the last layer off a Vision Transformer, and what is left turns a photo into a vector, its *embedding*. Photos that look alike get vectors that point the same way. With
// that, photos can be searched, sorted into heaps that nobody has named, and classified by any trainer that ML.NET has.

// %% [markdown]
// ## Packages

// %% [packages]

// %%
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer;
using SkiaSharp;

// %% folded
// Painting fruit, folder/<kind>/<number>.png, and showing pictures.
static void Paint(string folder, (string Name, float Hue)[] kinds, int perKind, int seed)
{
    var random = new Random(seed);
    foreach (var (name, hue) in kinds)
    {
        Directory.CreateDirectory(Path.Combine(folder, name));
        for (int i = 0; i < perKind; i++)
        {
            using var bitmap = new SKBitmap(64, 64);
            using var canvas = new SKCanvas(bitmap);
            using var fruit = new SKPaint { Color = SKColor.FromHsl(hue + random.Next(-8, 9), random.Next(60, 90), random.Next(40, 60)), IsAntialias = true };
            using var shine = new SKPaint { Color = SKColors.White.WithAlpha(110), IsAntialias = true };
            byte table = (byte)random.Next(90, 200);
            canvas.Clear(new SKColor(table, table, table));
            float x = random.Next(22, 43), y = random.Next(22, 43), radius = random.Next(14, 22);
            canvas.RotateDegrees(random.Next(360), x, y);
            canvas.DrawOval(x, y, radius, radius * 0.8f, fruit);
            canvas.DrawOval(x - radius * 0.3f, y - radius * 0.3f, radius * 0.25f, radius * 0.2f, shine);
            using var file = File.Create(Path.Combine(folder, name, $"{i:D2}.png"));
            bitmap.Encode(file, SKEncodedImageFormat.Png, 100);
        }
    }
}

// All photos of a folder, in order, and the kind that a photo's folder says.
static List<string> PhotosIn(string folder) => Directory.GetFiles(folder, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
static string KindOf(string path) => Path.GetFileName(Path.GetDirectoryName(path)!);
static List<string> FirstOfEach(string folder, int count) => PhotosIn(folder).GroupBy(KindOf).SelectMany(kind => kind.Take(count)).ToList();

// A picture as HTML, and many pictures as one, row after row.
static string Picture(byte[] png, string alt) => $"<img alt='{alt}' src='data:image/png;base64,{Convert.ToBase64String(png)}'>";

static byte[] Sheet(List<string> paths, int columns)
{
    using var sheet = new SKBitmap(columns * 68 - 4, (paths.Count + columns - 1) / columns * 68 - 4);
    using var canvas = new SKCanvas(sheet);
    canvas.Clear(SKColors.White);
    for (int i = 0; i < paths.Count; i++)
    {
        using var picture = SKBitmap.Decode(paths[i]);
        canvas.DrawBitmap(picture, SKRect.Create(i % columns * 68, i / columns * 68, 64, 64));
    }

    using var data = sheet.Encode(SKEncodedImageFormat.Png, 100);
    return data.ToArray();
}

// %% [markdown]
// ## A pretrained network
//
// With a public checkpoint this is one line:
//
// ```csharp
// string checkpoint = "facebook/dinov2-small";    // learned from pictures alone, made for embeddings
// ```
//
// So that the notebook runs without a network, it makes a stand-in, as notebook 02 does: a very small network that has learned five kinds of fruit.

// %%
string work = Directory.CreateTempSubdirectory("vit-notebook-").FullName;
string world = Path.Combine(work, "world"), checkpoint = Path.Combine(work, "checkpoint");
(string, float)[] five = [("blueberry", 225), ("cherry", 350), ("gooseberry", 175), ("kiwi", 85), ("orange", 28)];
Paint(world, five, perKind: 40, seed: 1);

var mlContext = new MLContext(seed: 1);
var teacher = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "ImagePath",
        Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = 32,
            PatchSize = 8,
            Depth = 2,
            EmbeddingDimension = 48,
            Heads = 3,
            Pooling = TokenPooling.Average,
        },
        Strategy = TrainingStrategy.FromScratch,
        Epoch = 10,
        BatchSize = 16,
        LearningRate = 2e-3f,
        RandomCropMinimumArea = 0.5f,
    }))
    .Fit(mlContext.Data.LoadImagesFromFolder(world));
teacher.LastTransformer.SaveAsSafetensors(checkpoint);
teacher.Dispose();

// %% [markdown]
// ## Data
//
// Three kinds that the network was never taught.

// %%
string photos = Path.Combine(work, "fruit");
Paint(photos, [("lemon", 52), ("lime", 110), ("plum", 285)], perKind: 30, seed: 2);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 1);
display(HTML(Picture(Sheet(FirstOfEach(photos, 8), columns: 8), "Eight lemons, eight limes, eight plums")));

// %% [markdown]
// ## Pipeline, fit, transform
//
// `VisionTransformerFeatures` adds a column with the embedding. There is nothing to learn, so `Fit` only loads the weights. `Normalize` makes every vector one long: the product of two is then
// the cosine of the angle between them. `Kind` chooses what is taken for the embedding; the default is what the network's own last layer saw.

// %%
var options = new VisionTransformerFeatureOptions { PretrainedModel = checkpoint, Normalize = true };
var featurizer = mlContext.Transforms.VisionTransformerFeatures("Features", "ImagePath", options);
var embedder = featurizer.Fit(images);
IDataView embedded = mlContext.Data.Cache(embedder.Transform(images), "Features", "ImagePath", "Label");
var rows = mlContext.Data.CreateEnumerable<Embedded>(embedded, reuseRowObject: false).ToList();
Console.WriteLine($"{rows.Count} photos, {embedder.Dimension} numbers each");

// %% [markdown]
// ## Nearest neighbours
//
// The product with every other vector, sorted. A photo on the left of each row, and the seven that are nearest to it. For some ten thousand photos this plain search is fast
// enough; beyond that, vectors go to a vector database.

// %%
double Likeness(Embedded a, Embedded b) => a.Features.Zip(b.Features, (x, y) => (double)x * y).Sum();
IEnumerable<Embedded> Nearest(Embedded query, int count) =>
    rows.Where(r => r != query).OrderByDescending(r => Likeness(query, r)).Take(count);

var queries = rows.GroupBy(r => r.Label).Select(kind => kind.First()).ToList();
foreach (var query in queries)
    Console.WriteLine($"nearest to a {query.Label}: {string.Join(", ", Nearest(query, 5).Select(r => r.Label))}");

// %% varies
var paths = queries.SelectMany(q => Nearest(q, 7).Prepend(q)).Select(r => r.ImagePath).ToList();
display(HTML(Picture(Sheet(paths, columns: 8), "A fruit at the left of each row, and its seven neighbours")));

// %% [markdown]
// ## A map
//
// Principal components lay the vectors out on a plane. Each point is a photo; the colour is its kind, which the network was not told.

// %% folded
// Drawing points, each in the colour of its kind.
string Points(List<Placed> places, Dictionary<string, string> colours)
{
    double Scale(float value, int axis, double from, double to)
    {
        double least = places.Min(p => p.Place[axis]), most = places.Max(p => p.Place[axis]);
        return from + (value - least) / (most - least) * (to - from);
    }

    return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 440 260' width='440' height='260' role='img' font-family='sans-serif' font-size='13'><title>Embeddings on a plane</title><rect width='440' height='260' fill='white'/>"
        + string.Concat(places.Select(p => string.Create(CultureInfo.InvariantCulture, $"<circle cx='{Scale(p.Place[0], 0, 20, 340):0.#}' cy='{Scale(p.Place[1], 1, 20, 240):0.#}' r='5' fill='{colours[p.Label]}' fill-opacity='0.6'/>")))
        + string.Concat(colours.Select((c, i) => $"<circle cx='370' cy='{40 + 24 * i}' r='5' fill='{c.Value}'/><text x='382' y='{45 + 24 * i}'>{c.Key}</text>")) + "</svg>";
}

// %% varies
var plane = mlContext.Transforms.ProjectToPrincipalComponents("Place", "Features", rank: 2, seed: 1)
    .Fit(embedded).Transform(embedded);
display(HTML(Points(
    mlContext.Data.CreateEnumerable<Placed>(plane, reuseRowObject: false).ToList(),
    new() { ["lemon"] = "#c9a800", ["lime"] = "#3f9a2f", ["plum"] = "#8b3fa3" })));

// %% [markdown]
// ## Clusters
//
// K-means does not know the kinds either. It is asked for three heaps; here is what each of them holds.

// %%
var clusters = mlContext.Clustering.Trainers.KMeans("Features", numberOfClusters: 3).Fit(embedded);
var heaps = mlContext.Data.CreateEnumerable<Heaped>(clusters.Transform(embedded), reuseRowObject: false)
    .GroupBy(r => r.PredictedLabel)
    .Select(heap => heap.GroupBy(r => r.Label).MaxBy(kind => kind.Count())!).ToList();
Console.WriteLine($"{heaps.Count} heaps, mostly of {string.Join(", ", heaps.Select(h => h.Key).Order())}");

// %% varies
Console.WriteLine($"{heaps.Sum(h => h.Count())} of {rows.Count} photos lie with most of their kind");

// %% [markdown]
// ## Any trainer on top, and metrics
//
// The embedding is an ordinary feature column. Here a linear model (SDCA) is put on it; LightGBM, or the search of AutoML, would do as well. Cache before it: these trainers read the data many times,
// and each reading would run the network again.

// %%
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
    .Append(featurizer)
    .AppendCacheCheckpoint(mlContext)
    .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy("LabelKey", "Features"))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
var model = pipeline.Fit(split.TrainSet);
var predictions = model.Transform(split.TestSet);
var metrics = mlContext.MulticlassClassification.Evaluate(predictions, labelColumnName: "LabelKey");
Console.WriteLine($"right for more than nine in ten: {metrics.MicroAccuracy > 0.9}");

// %% varies
Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());

// %% [markdown]
// ## Consume
//
// The saved pipeline has the network inside.

// %%
string zip = Path.Combine(work, "fruit.zip");
mlContext.Model.Save(model, images.Schema, zip);
model.Dispose();
embedder.Dispose();

var loaded = mlContext.Model.Load(zip, out var schema);
var engine = mlContext.Model.CreatePredictionEngine<Photo, Answer>(loaded, schema);
foreach (var query in queries)
{
    var answer = engine.Predict(new Photo { ImagePath = query.ImagePath });
    Console.WriteLine($"a {query.Label} is taken for a {answer.PredictedLabel}");
}

// %%
engine.Dispose();
Directory.Delete(work, recursive: true);

// %% [markdown]
// With photos of your own, change `checkpoint` to a hub id (DINOv2 and CLIP are made for this; classifiers such as `"timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k"` work as well) and `photos` to your folder. Labels are
// needed for the trainer alone; for neighbours and clusters any folder of folders will do.

// %% [program]
// What a notebook has and a program lacks: display shows HTML. Here it goes to a page for the browser.
static string HTML(string html) => html;

static void display(string html)
{
    string page = Path.Combine(Path.GetTempPath(), $"notebook-{Environment.ProcessId}.html");
    File.AppendAllText(page, html + "\n<hr>\n");
    Console.WriteLine($"[{html.Length} characters of HTML: open {page}]");
}

// %% [types]
// Rows that go in and come out.
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
    public string Label { get; set; } = "";

    public float[] Place { get; set; } = [];
}

public sealed class Heaped
{
    public string Label { get; set; } = "";

    public uint PredictedLabel { get; set; }
}

public sealed class Answer
{
    public string PredictedLabel { get; set; } = "";
}
