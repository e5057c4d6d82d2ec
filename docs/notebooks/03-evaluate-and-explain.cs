// Tests a model on every photo, looks at its mistakes, its probabilities and what it looks at; the notebook 03-evaluate-and-explain.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Evaluate and explain
//
// One accuracy says little about a model. This notebook tests a model on every photo of a small
// set and looks at each mistake. It checks whether the probabilities can be trusted, and shows
// which parts of a photo support a class.
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
// ## Test on every photo
//
// With 60 photos, a test set of 20 gives a rough accuracy and hides most mistakes.
// Cross-validation uses all photos. It trains five models, each on four fifths of the photos, and
// tests each model on the remaining fifth. So every photo gets one prediction, from a model that
// has not seen it.
//
// `Calibrate` fits a temperature that makes the probabilities match the accuracy. It needs
// validation rows, which `ValidationSetFraction` takes from the training photos.

// %%
string photos = FindPhotos("flowers");
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "ImagePath",
        PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
        Strategy = TrainingStrategy.LinearProbe,
        ValidationSetFraction = 0.2f,
        Calibrate = true,
    }));
var folds = mlContext.MulticlassClassification.CrossValidate(images, pipeline, numberOfFolds: 5, seed: 1);

VisionTransformerPredictionTransformer ClassifierOf(ITransformer model) =>
    ((IEnumerable<ITransformer>)model).OfType<VisionTransformerPredictionTransformer>().Single();

// %%
var tested = new List<Tested>();
foreach (var fold in folds)
{
    var model = ClassifierOf(fold.Model);
    foreach (var row in mlContext.Data.CreateEnumerable<Scored>(fold.ScoredHoldOutSet, reuseRowObject: false))
    {
        string predicted = model.ClassNames[Array.IndexOf(row.Score, row.Score.Max())];
        tested.Add(new Tested(row.ImagePath, predicted, row.Score.Max(), model));
    }
}

var classes = PhotosIn(photos).Select(ClassOf).Distinct().ToList();
Console.WriteLine($"{tested.Count} photos tested by {folds.Count} models: {string.Join(", ", classes)}");

// %% varies
int right = tested.Count(t => t.IsRight);
double accuracy = (double)right / tested.Count;
double error = 1.96 * Math.Sqrt(accuracy * (1 - accuracy) / tested.Count);
Console.WriteLine($"{right} of {tested.Count} correct: {accuracy * 100:0.0}%");
Console.WriteLine($"95% confidence: plus or minus {error * 100:0} percentage points");

// %% [markdown]
// ## Look at the mistakes
//
// These are the predictions to look at first: the mistakes, the most confident one at the left,
// and then the least certain correct predictions. A red caption names the predicted class and, in
// parentheses, the true class.
//
// Ask the same questions of your own photos. Is the label wrong? Does the photo show two classes,
// or none? Is the object small, cut off or an unusual color? Each answer has another remedy:
// correct the label, remove the photo, or collect more photos like it.

// %% varies
var hard = tested.OrderBy(t => t.IsRight)
    .ThenBy(t => t.IsRight ? t.Probability : -t.Probability).Take(15).ToList();
display(HTML(Sheet("Fifteen photos that the model finds hard, mistakes first", columns: 5,
    hard.Select(t => Answer(t.ImagePath, t.Predicted, t.Probability)))));

// %% [markdown]
// ## Which classes are confused?
//
// Each row is a true class, each column a predicted class. The last column is the recall: the
// percentage of the photos of the class that were recognized.

// %% varies
string Cell(string row, string column)
{
    int count = tested.Count(t => t.Class == row && t.Predicted == column);
    string style = count == 0 ? "" : $";color:white;background:{(row == column ? "#1f6fb2" : "#b3261e")}";
    return $"<td style='text-align:center{style}'>{count}</td>";
}
double Recall(string name) => tested.Where(t => t.Class == name).Average(t => t.IsRight ? 1.0 : 0);
string Row(string row) => $"<tr><th>{row}</th>{string.Concat(classes.Select(column => Cell(row, column)))}"
    + $"<td>{Recall(row) * 100:0}%</td></tr>";
display(HTML("<table><tr><th>true class</th>" + string.Concat(classes.Select(c => $"<th>{c}</th>"))
    + "<th>recall</th></tr>" + string.Concat(classes.Select(Row)) + "</table>"));

// %% [markdown]
// ## Can the probabilities be trusted?
//
// Of all photos with a probability of about 80%, 80% should be correct. Each bar below is the
// fraction that was correct. The dashed line is where the bars should end, and the number above a
// bar is its number of photos. Bars of few photos say little.
//
// If bars end below the line, the model is too confident. If they end above it, the model is too
// careful. That matters as soon as a program acts on a probability, for example when it sends
// photos below 70% to a person.

// %% folded
// Drawing the fraction of correct predictions for each range of probabilities.
static string Reliability(List<(double Probability, bool Right)> answers)
{
    string N(double value) => FormattableString.Invariant($"{value:0.#}");
    string svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 620 320' width='620' height='320' role='img' font-family='sans-serif' font-size='15' fill='#222'>"
        + "<title>Fraction of correct predictions for each range of probabilities</title><rect width='620' height='320' fill='white'/>";
    for (int bin = 0; bin < 5; bin++)
    {
        var inside = answers.Where(a => Math.Min(4, (int)(a.Probability * 5)) == bin).ToList();
        double share = inside.Count == 0 ? 0 : inside.Average(a => a.Right ? 1.0 : 0);
        svg += $"<rect x='{74 + 100 * bin}' y='{N(250 - 210 * share)}' width='92' height='{N(210 * share)}' fill='#1f6fb2'/>"
            + $"<text x='{120 + 100 * bin}' y='{N(244 - 210 * share)}' text-anchor='middle'>{inside.Count}</text>"
            + $"<text x='{120 + 100 * bin}' y='272' text-anchor='middle'>{20 * bin} to {20 * (bin + 1)}%</text>";
    }

    return svg + "<path d='M70 40V250H570' fill='none' stroke='#666'/><path d='M70 250L570 40' stroke='#b3261e' stroke-width='2' stroke-dasharray='7 5'/>"
        + "<text x='62' y='46' text-anchor='end'>100%</text><text x='62' y='254' text-anchor='end'>0%</text>"
        + "<text x='320' y='302' text-anchor='middle'>probability of the predicted class</text><text x='70' y='24'>correct</text></svg>";
}

// %% varies
display(HTML(Reliability(tested.Select(t => ((double)t.Probability, t.IsRight)).ToList())));
Console.WriteLine($"mean probability {tested.Average(t => t.Probability) * 100:0}%, accuracy {accuracy * 100:0}%");

// %% [markdown]
// ## What does the model look at?
//
// `Explain` returns one number per patch: the higher it is, the more the patch supports the
// class. As an overlay, bright patches support the class most. First come two photos of each
// class that were recognized.

// %% varies
var byPath = tested.OrderBy(t => t.ImagePath, StringComparer.Ordinal).ToList();
var recognized = OfEachClass(byPath.Where(t => t.IsRight).Select(t => t.ImagePath), 2)
    .Concat(byPath.Select(t => t.ImagePath)).Distinct().Take(10)
    .Select(path => tested.Single(t => t.ImagePath == path)).ToList();

(byte[], string, bool?) Overlay(Tested t) =>
    (t.Model.Explain(t.ImagePath).OverlayPng(), $"{t.Predicted} {t.Probability * 100:0}%", t.IsRight);
var rows = recognized.Chunk(5)
    .SelectMany(five => five.Select(t => Tile(t.ImagePath)).Concat(five.Select(Overlay)));
display(HTML(Sheet("Ten photos, and below each the overlay of the patches that support its class", columns: 5,
    rows, size: 170)));

// %% [markdown]
// A model can be right for a wrong reason, such as a background that all photos of a class share.
// Then the bright patches are in the background. With this small model some bright patches are in
// the corners: Vision Transformers without register tokens use plain background as scratch space.
//
// ## Why was it wrong?
//
// For a mistake, explain both classes: the predicted one and the true one. The overlays show
// which parts of the photo support each class.

// %% varies
byte[] For(Tested t, string name) =>
    t.Model.Explain(t.ImagePath, new ExplanationOptions { ClassName = name }).OverlayPng();
var why = hard.Take(4).SelectMany(t => new (byte[], string, bool?)[]
{
    Tile(t.ImagePath),
    (For(t, t.Predicted), $"for {t.Predicted}", t.IsRight),
    (For(t, t.Class), $"for {t.Class}", true),
});
display(HTML(Sheet("Four photos, each with overlays for the predicted and for the true class", columns: 6, why)));

// %% [markdown]
// An overlay does not say what the model saw in a patch, and it does not prove that the model is
// right. It is a good way to find a model that looks at the wrong place.
//
// The models hold native memory. Dispose them when you no longer need them.

// %%
foreach (var fold in folds)
    (fold.Model as IDisposable)?.Dispose();

// %% [markdown]
// The command `mlnet-vit evaluate` writes most of these pictures as one HTML report, without
// code. To use your own photos, set `photos` to your folder.

// %% [types] folded
// The columns that the notebook reads.
public sealed class Scored
{
    public string ImagePath { get; set; } = "";

    public float[] Score { get; set; } = [];
}

// A photo with its prediction and the model that made it.
public sealed record Tested(string ImagePath, string Predicted, float Probability, VisionTransformerPredictionTransformer Model)
{
    public string Class => Path.GetFileName(Path.GetDirectoryName(ImagePath)!);

    public bool IsRight => Predicted == Class;
}
