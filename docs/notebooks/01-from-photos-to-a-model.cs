// Trains a model on a folder of photos, tests it and uses it; the notebook 01-from-photos-to-a-model.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # From a folder of photos to a model
//
// You have photos in folders, one folder per class, and want a model that names the class of a
// new photo. This notebook trains one on 40 photos of flowers in a few seconds and shows what it
// gets right and wrong. At the end it classifies a single photo and tells you what to change for
// your own.
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
// ## Look at the photos
//
// The name of a folder is the name of a class: `photos/flowers/daisy/5794835_d15905c7c8_n.jpg`.
// Look at the photos before you train. Blurry, mislabeled or duplicate photos are easier to find
// now.

// %%
string photos = FindPhotos("flowers");
foreach (var flower in PhotosIn(photos).GroupBy(ClassOf))
    Console.WriteLine($"{flower.Key}: {flower.Count()} photos");

// %% varies
display(HTML(Sheet("Six photos of each class: daisies, dandelions, roses, sunflowers and tulips", columns: 6,
    OfEachClass(PhotosIn(photos), 6).Select(Tile))));

// %% [markdown]
// ## Set test photos aside
//
// `LoadImagesFromFolder` returns one row per photo, with the columns `ImagePath` and `Label`. The
// split sets 30% of the rows aside to test the model. The model never trains on these photos. The
// seed of `MLContext` makes the run repeatable.

// %%
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 3);

int Count(IDataView rows) => rows.GetColumn<string>("Label").Count();
Console.WriteLine($"{Count(split.TrainSet)} photos to train on, {Count(split.TestSet)} photos to test on");

// %% [markdown]
// ## Train
//
// The pipeline has three steps. Class names become keys, the trainer learns from the photos, and
// keys become class names again. The trainer decodes, rotates, resizes and normalizes the photos
// itself, in the same way for training and for prediction.
//
// The strategy is a *linear probe*: a pretrained Vision Transformer turns each photo into 192
// features, and only a new last layer is trained on them. With few photos this is the best start.
// [Notebook 02](02-choose-a-model.ipynb) compares it with the alternatives.

// %%
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "ImagePath",
        PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
        Strategy = TrainingStrategy.LinearProbe,
        ValidationSetFraction = 0,
    }))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

// %%
var model = pipeline.Fit(split.TrainSet);
var classifier = ((IEnumerable<ITransformer>)model).OfType<VisionTransformerPredictionTransformer>().Single();
var classes = classifier.ClassNames;
Console.WriteLine($"a model for {classes.Count} classes: {string.Join(", ", classes)}");

// %% varies
var history = classifier.TrainingHistory!;
Console.WriteLine($"trained on {history.TrainingRows} photos in {history.Duration!.Value.TotalSeconds:0.0} s");

// %% [markdown]
// ## Test
//
// `Transform` adds the columns `Score`, with one probability per class, and `PredictedLabel`.
// Every test photo is below. A blue caption is a correct prediction. A red caption is a mistake
// and names the true class in parentheses.

// %% varies
var predictions = model.Transform(split.TestSet);
var tested = mlContext.Data.CreateEnumerable<Prediction>(predictions, reuseRowObject: false).ToList();
display(HTML(Sheet("The test photos, each with its predicted class", columns: 5,
    tested.Select(p => Answer(p.ImagePath, p.PredictedLabel, p.Score.Max())))));

// %% [markdown]
// ML.NET's `Evaluate` computes the metrics. Each row of the confusion matrix is a true class, and
// each column is a predicted class. Numbers off the diagonal are mistakes.

// %% varies
var metrics = mlContext.MulticlassClassification.Evaluate(predictions);
int correct = tested.Count(p => p.PredictedLabel == ClassOf(p.ImagePath));
Console.WriteLine($"{correct} of {tested.Count} correct, log loss {metrics.LogLoss:0.00}");

string Cell(double count, bool diagonal) => count == 0 ? "<td style='text-align:center'>0</td>"
    : $"<td style='text-align:center;color:white;background:{(diagonal ? "#1f6fb2" : "#b3261e")}'>{count}</td>";
string Cells(int row) =>
    string.Concat(metrics.ConfusionMatrix.Counts[row].Select((count, column) => Cell(count, row == column)));
display(HTML("<table><tr><th>true class</th>" + string.Concat(classes.Select(name => $"<th>{name}</th>")) + "</tr>"
    + string.Concat(classes.Select((name, row) => $"<tr><th>{name}</th>{Cells(row)}</tr>")) + "</table>"));

// %% [markdown]
// With this few test photos, one photo more or less changes the accuracy by about five percentage
// points. [Notebook 03](03-evaluate-and-explain.ipynb) tests on all 60 photos and looks at the
// mistakes.
//
// ## Save the model and use it
//
// One `.zip` file holds the whole pipeline: the network, its weights, the class names and the
// preprocessing. Any program that references the library loads it with ML.NET's own `Load`. A
// `PredictionEngine` classifies one photo at a time.

// %%
string file = Path.Combine(Path.GetTempPath(), $"flowers-{Environment.ProcessId}.zip");
mlContext.Model.Save(model, images.Schema, file);
model.Dispose();

var loaded = new MLContext().Model.Load(file, out var schema);
var engine = mlContext.Model.CreatePredictionEngine<Photo, Prediction>(loaded, schema);

// %% folded
// Drawing the probabilities of one photo as bars.
static string Bars(string title, IEnumerable<(string Name, float Value)> bars)
{
    var all = bars.OrderByDescending(b => b.Value).ToList();
    string svg = $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 520 {all.Count * 30 + 44}' width='520' height='{all.Count * 30 + 44}' role='img' "
        + $"font-family='sans-serif' font-size='15' fill='#222'><title>{title}</title><rect width='100%' height='100%' fill='white'/>"
        + $"<text x='12' y='24' font-weight='bold'>{title}</text>";
    for (int i = 0; i < all.Count; i++)
    {
        int y = 36 + 30 * i, width = (int)(300 * all[i].Value);
        svg += $"<text x='118' y='{y + 17}' text-anchor='end'>{all[i].Name}</text><rect x='128' y='{y}' width='{width + 1}' height='22' fill='#1f6fb2'/>"
            + $"<text x='{136 + width}' y='{y + 17}'>{all[i].Value * 100:0.0}%</text>";
    }

    return svg + "</svg>";
}

// %% varies
string photo = PhotosIn(photos).First(path => ClassOf(path) == "sunflowers");
var answer = engine.Predict(new Photo { ImagePath = photo });
display(HTML(Sheet("The photo that is classified", columns: 1, [Tile(photo)], size: 240)));
display(HTML(Bars("Probability of each class", classes.Zip(answer.Score))));

// %% [markdown]
// The weights are in native memory. Disposing the engine also disposes the model that it was
// created from.

// %%
engine.Dispose();
File.Delete(file);

// %% [markdown]
// ## Use your own photos
//
// Set `photos` to your folder, or pass the folder as the first argument of the program. Any
// number of classes works, and so does any common image format: change `*.jpg` in the folded cell
// if you have others. Start with at least ten photos per class.
//
// Leave out `Strategy` to let the trainer choose. With fewer than ten photos per class it runs a
// linear probe, otherwise it fine-tunes the whole network.

// %% [types] folded
// The input of the engine.
public sealed class Photo
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

// The columns that the notebook reads.
public sealed class Prediction
{
    public string ImagePath { get; set; } = "";

    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
