// Teaches a pretrained Vision Transformer new classes with a few photos of each; the notebook 02-transfer-learning.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Transfer learning
//
// A network that has seen a million pictures knows edges, colours, textures and shapes. To tell apart things that it was never asked about, it needs a few photos of
// each, not thousands: its *features* stay, and a new last layer learns what they mean. That is how to train with little data.
//
// Three ways are compared on **four photos of each class**: a linear probe, fine-tuning, and starting from nothing.

// %% [markdown]
// ## Packages

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
// ## A checkpoint
//
// A public one is named by its id on a Hugging Face hub, and is downloaded once:
//
// ```csharp
// string checkpoint = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";    // 6 million weights, learned from ImageNet
// ```
//
// So that this notebook runs without a network, it makes its own stand-in, a folder with the same files: a very small network learns five kinds of fruit, and
// `SaveAsSafetensors` writes it as timm's tools do.

// %%
string work = Directory.CreateTempSubdirectory("vit-notebook-").FullName;
string world = Path.Combine(work, "world"), checkpoint = Path.Combine(work, "checkpoint");
(string, float)[] five = [("blueberry", 225), ("cherry", 350), ("gooseberry", 175), ("kiwi", 85), ("orange", 28)];
Paint(world, five, perKind: 40, seed: 1);

var mlContext = new MLContext(seed: 1);
var small = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
{
    ImageSize = 32,
    PatchSize = 8,
    Depth = 2,
    EmbeddingDimension = 48,
    Heads = 3,
    Pooling = TokenPooling.Average,
};
var teacher = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "ImagePath",
        Arch = small,
        Strategy = TrainingStrategy.FromScratch,
        Epoch = 10,
        BatchSize = 16,
        LearningRate = 2e-3f,
        RandomCropMinimumArea = 0.5f,
    }))
    .Fit(mlContext.Data.LoadImagesFromFolder(world));
teacher.LastTransformer.SaveAsSafetensors(checkpoint);
teacher.Dispose();
foreach (string file in Directory.GetFiles(checkpoint).Order(StringComparer.Ordinal))
    Console.WriteLine(Path.GetFileName(file));

// %% [markdown]
// What is in a checkpoint can be asked before anything is trained: the network's shape, how images must be prepared, and its classes. None of it has to be typed again below.

// %%
var opened = VisionTransformerCheckpoint.Load(checkpoint);
var network = opened.Architecture;
var preparing = opened.Preprocessing;
Console.WriteLine($"{opened.Layout}: {network.Depth} blocks of width {network.EmbeddingDimension}");
Console.WriteLine($"images: {network.ImageSize}, {preparing.Resizing}, {preparing.Interpolation}");
Console.WriteLine($"classes: {string.Join(", ", opened.ClassNames ?? [])}");
opened.Dispose();

// %% [markdown]
// ## As it is
//
// With its own head the checkpoint is a classifier already, without any training:

// %%
var asItIs = mlContext.Model.LoadVisionTransformer(checkpoint, imageColumnName: "ImagePath");
var names = asItIs.ClassNames;
var itsOwn = asItIs.Transform(mlContext.Data.LoadImagesFromFolder(world));
int right = mlContext.Data.CreateEnumerable<Scored>(itsOwn, reuseRowObject: false)
    .Count(row => names[Array.IndexOf(row.Score, row.Score.Max())] == KindOf(row.ImagePath));
Console.WriteLine($"right for more than nine in ten of its own kinds: {right > 0.9 * PhotosIn(world).Count}");
asItIs.Dispose();

// %% [markdown]
// ## Data
//
// Now three kinds that it has never seen: four photos of each to learn from, twenty of each to be judged by.

// %%
(string, float)[] kinds = [("lemon", 52), ("lime", 110), ("plum", 285)];
string few = Path.Combine(work, "few"), judged = Path.Combine(work, "judged");
Paint(few, kinds, perKind: 4, seed: 2);
Paint(judged, kinds, perKind: 20, seed: 3);
IDataView trainingSet = mlContext.Data.LoadImagesFromFolder(few);
IDataView testSet = mlContext.Data.LoadImagesFromFolder(judged);
display(HTML(Picture(Sheet(FirstOfEach(few, 4), columns: 4), "Four lemons, four limes, four plums")));

// %% [markdown]
// ## Pipeline
//
// One pipeline, three strategies. `LinearProbe` runs every photo through the network once and fits a new last layer to what comes out. `FineTune` goes on to train the
// whole network, gently: the first layers least. With `Strategy = null` the trainer chooses: a probe below ten photos a class, fine-tuning from ten on.

// %%
TransformerChain<VisionTransformerPredictionTransformer> Learn(TrainingStrategy strategy, int? epochs = null) =>
    mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "ImagePath",
        PretrainedModel = strategy == TrainingStrategy.FromScratch ? null : checkpoint,
        Arch = strategy == TrainingStrategy.FromScratch ? small : null,
        Strategy = strategy,
        Epoch = epochs,
        BatchSize = 4,
        ValidationSetFraction = 0,
        MetricsCallback = m =>
        {
            if (m.Phase == TrainingPhase.Epoch && strategy != TrainingStrategy.LinearProbe)
                Console.WriteLine(m);
        },
    })).Fit(trainingSet);

// %% [markdown]
// ## Fit

// %% varies
var probed = Learn(TrainingStrategy.LinearProbe);
var steps = probed.LastTransformer.TrainingHistory!.Epochs;
Console.WriteLine($"loss {steps[0].TrainingLoss:0.000}, after {steps.Count} steps {steps[^1].TrainingLoss:0.000}");

// %% varies
var tuned = Learn(TrainingStrategy.FineTune, epochs: 6);

// %% varies
var scratch = Learn(TrainingStrategy.FromScratch, epochs: 6);

// %% [markdown]
// ## Transform and metrics

// %%
double Accuracy(ITransformer model) =>
    mlContext.MulticlassClassification.Evaluate(model.Transform(testSet)).MicroAccuracy;
Console.WriteLine($"twelve photos were enough for more than nine in ten: {Accuracy(probed) > 0.9}");

// %% varies
string Row(string how, ITransformer model) => $"<tr><td>{how}</td><td>{Accuracy(model) * 100:0} %</td></tr>";
display(HTML("<table><tr><th>Twelve photos</th><th>Right on sixty others</th></tr>"
    + Row("linear probe", probed) + Row("fine-tuned", tuned) + Row("from nothing", scratch) + "</table>"));

// %% [markdown]
// ## Consume

// %%
string zip = Path.Combine(work, "fruit.zip"), photo = PhotosIn(judged).Last();
mlContext.Model.Save(probed, trainingSet.Schema, zip);
var loaded = mlContext.Model.Load(zip, out var schema);
var engine = mlContext.Model.CreatePredictionEngine<Photo, Scored>(loaded, schema);
float[] scores = engine.Predict(new Photo { ImagePath = photo }).Score;
var fruit = probed.LastTransformer.ClassNames;
Console.WriteLine($"a {KindOf(photo)} is taken for a {fruit[Array.IndexOf(scores, scores.Max())]}");

// %%
engine.Dispose();
probed.Dispose();
tuned.Dispose();
scratch.Dispose();
Directory.Delete(work, recursive: true);

// %% [markdown]
// ## With a public checkpoint and your own photos
//
// | change | to |
// | --- | --- |
// | `checkpoint` | an id such as `"timm/vit_small_patch16_224.augreg_in21k_ft_in1k"`, or the path of a folder or file that you downloaded |
// | `few`, `judged` | folders of your photos, one folder a class; or one folder and `TrainTestSplit`, as in notebook 01 |
// | `BatchSize`, `epochs`, `ValidationSetFraction` | nothing: leave the defaults |
//
// timm, Hugging Face, torchvision, Google's `.npz`, Meta's DINOv2 and DINOv3 and OpenCLIP are read as they are published; no checkpoint can run code.

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
public sealed class Scored
{
    public string ImagePath { get; set; } = "";

    public float[] Score { get; set; } = [];
}
