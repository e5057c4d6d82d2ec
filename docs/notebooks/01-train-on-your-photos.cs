// Trains a Vision Transformer on a folder of photos; the notebook 01-train-on-your-photos.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Train on your photos
//
// A folder of photos goes in, a model that tells them apart comes out. The model is a *Vision Transformer*: it cuts a photo into square patches, and blocks of
// attention let every patch look at every other, until the whole picture is one vector and a last layer reads the class from it.
//
// Here it learns three kinds of fruit, from pictures that are painted on the spot, so that everything below runs in seconds on any machine. The last section says
// which three lines to change for photos of yours.

// %% [markdown]
// ## Packages
//
// The library, and the native part for the system that runs this: on Windows `libtorch-cpu-win-x64`, on macOS `libtorch-cpu-osx-arm64`, with an NVIDIA GPU
// `TorchSharp-cuda-linux` or `TorchSharp-cuda-windows`.

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

// %% [markdown]
// ## Data
//
// One folder a class, its name is the class: `fruit/lemon/00.png`, `fruit/lime/00.png`. Any number of classes and any image format (JPEG, PNG, WebP, GIF, BMP) will do.

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

// %%
string work = Directory.CreateTempSubdirectory("vit-notebook-").FullName;
string photos = Path.Combine(work, "fruit");
Paint(photos, [("lemon", 52), ("lime", 110), ("plum", 285)], perKind: 40, seed: 1);

// %% [markdown]
// Look at the data before training on it. Eight of each class:

// %%
foreach (var kind in PhotosIn(photos).GroupBy(KindOf))
    Console.WriteLine($"{kind.Key}: {kind.Count()} photos");
display(HTML(Picture(Sheet(FirstOfEach(photos, 8), columns: 8), "Eight lemons, eight limes, eight plums")));

// %% [markdown]
// `MLContext` is where everything of ML.NET begins; its seed makes the run repeatable. `LoadImagesFromFolder` gives a row for each photo with the columns `ImagePath`
// and `Label`. Nothing is decoded yet. A fifth of the rows is set aside: the model is judged on photos that it has not seen.

// %%
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.2, seed: 1);

foreach (var column in images.Schema)
    Console.WriteLine($"{column.Name}: {column.Type}");
Console.WriteLine($"{Count(split.TrainSet)} photos to train on, {Count(split.TestSet)} to test with");
int Count(IDataView rows) => rows.GetColumn<string>("Label").Count();

// %% [markdown]
// ## Pipeline
//
// Three steps: class names become keys, the trainer reads the photos and learns, keys become class names again. The trainer decodes, turns (EXIF), resizes and normalises
// each photo itself, with the same code in training and in prediction.
//
// The network here is very small: pictures of 32 x 32 pixels, 16 patches, 2 blocks. `MetricsCallback` is called after every step and every epoch.

// %%
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        LabelColumnName = "Label",
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
        MetricsCallback = m =>
        {
            if (m.Phase == TrainingPhase.Epoch)
                Console.WriteLine(m);
        },
    }))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

// %% [markdown]
// ## Fit
//
// A tenth of the training photos is kept for validation; the model gets the weights of the epoch that did best on them.

// %% varies
var model = pipeline.Fit(split.TrainSet);

// %% [markdown]
// ## Transform
//
// `Transform` adds the columns `Score`, a probability for each class, and `PredictedLabel`. It is lazy: photos are read when rows are.

// %%
IDataView predictions = model.Transform(split.TestSet);
IDataView mixed = model.Transform(mlContext.Data.ShuffleRows(split.TestSet, seed: 1));
var shown = mlContext.Data.CreateEnumerable<Prediction>(mixed, reuseRowObject: false).Take(6);
string Row(Prediction p) => $"<tr><td>{Picture(File.ReadAllBytes(p.ImagePath), "a fruit")}</td>"
    + $"<td>{KindOf(p.ImagePath)}</td><td>{p.PredictedLabel}</td></tr>";
display(HTML("<table><tr><th>Photo</th><th>Folder</th><th>Predicted</th></tr>"
    + string.Concat(shown.Select(Row)) + "</table>"));

// %% [markdown]
// ## Metrics
//
// All that ML.NET's `Evaluate` computes. The confusion table has a row for each true class; what lies off the diagonal was taken for another class.

// %%
var metrics = mlContext.MulticlassClassification.Evaluate(predictions);
Console.WriteLine($"MicroAccuracy {metrics.MicroAccuracy:0.00}, MacroAccuracy {metrics.MacroAccuracy:0.00}");
Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());

// %% [markdown]
// ## Consume
//
// The whole pipeline is saved as one `.zip`. Another program loads it with ML.NET's `Load` and no word about Vision Transformers, and a `PredictionEngine` answers for
// one photo at a time.

// %%
string zip = Path.Combine(work, "fruit.zip");
mlContext.Model.Save(model, images.Schema, zip);
model.Dispose();

ITransformer loaded = new MLContext().Model.Load(zip, out var schema);
var engine = mlContext.Model.CreatePredictionEngine<Photo, Prediction>(loaded, schema);

// %%
string unseen = Path.Combine(work, "new");
Paint(unseen, [("lemon", 52), ("lime", 110), ("plum", 285)], perKind: 1, seed: 99);
foreach (string path in PhotosIn(unseen))
{
    var answer = engine.Predict(new Photo { ImagePath = path });
    Console.WriteLine($"a {KindOf(path)} is taken for a {answer.PredictedLabel}");
}

// %% [markdown]
// The weights are native memory; disposing the engine disposes the model that it was made from.

// %%
engine.Dispose();
Directory.Delete(work, recursive: true);

// %% [markdown]
// ## With your own photos
//
// | change | to |
// | --- | --- |
// | `string photos = ...` | `string photos = "path/of/your/folder";`, and no `Paint` |
// | the `Arch`, `Strategy`, `LearningRate` and `RandomCropMinimumArea` lines | `PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",`: from a few photos a class on, a network that the world trained beats one that starts from nothing (notebook 02) |
// | `Epoch = 10`, `BatchSize = 16` | nothing at first: the defaults of fine-tuning are 8 and 16 |
//
// Without a pretrained network, count on hundreds of photos a class, `ImageSize = 96`, `PatchSize = 12`, `Depth = 6` and 60 epochs or more.

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
// A row that goes in.
public sealed class Photo
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

// A row that comes out.
public sealed class Prediction
{
    public string ImagePath { get; set; } = "";

    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
