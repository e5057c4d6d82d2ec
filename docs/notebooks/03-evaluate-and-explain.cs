// Looks at how a model learned, where it errs, whether its probabilities hold, and what it looks at; the notebook 03-evaluate-and-explain.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Evaluate and explain
//
// A number such as "93 % right" hides most of what there is to know about a model. Four pictures show it: how it learned, what it takes for what, whether its
// probabilities can be believed, and where in a photo it looks.

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
// ## Data
//
// Three kinds of fruit whose colours run into each other, so that there is something to get wrong.

// %%
string work = Directory.CreateTempSubdirectory("vit-notebook-").FullName;
string photos = Path.Combine(work, "fruit");
Paint(photos, [("lemon", 54), ("mandarin", 31), ("mango", 42)], perKind: 60, seed: 1);

var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 1);
display(HTML(Picture(Sheet(FirstOfEach(photos, 8), columns: 8), "Eight lemons, eight mandarins, eight mangos")));

// %% [markdown]
// ## Pipeline and fit
//
// `Calibrate` finds, on the validation rows, the temperature that makes the probabilities honest. Nothing is printed here: `TrainingHistory` keeps what each epoch came to.

// %%
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "ImagePath",
        Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = 64,
            PatchSize = 8,
            Depth = 2,
            EmbeddingDimension = 48,
            Heads = 3,
            Pooling = TokenPooling.Average,
        },
        Strategy = TrainingStrategy.FromScratch,
        Epoch = 12,
        BatchSize = 16,
        LearningRate = 2e-3f,
        RandomCropMinimumArea = 0.5f,
        ValidationSetFraction = 0.25f,
        Calibrate = true,
    }));
var model = pipeline.Fit(split.TrainSet);
var classifier = model.LastTransformer;
var history = classifier.TrainingHistory!;
Console.WriteLine($"{history.Epochs.Count} epochs on {history.TrainingRows} photos");
Console.WriteLine($"judged on {history.ValidationRows} others");

// %% [markdown]
// ## Curves
//
// Both losses fall together and flatten: it has learned what it can. A validation loss that turns upward while the training loss falls would mean that it learns
// photos by heart; a training loss that is still falling at the end would ask for more epochs.

// %% folded
// Drawing lines: x from the first to the last epoch, y from 0 to the largest value.
string Lines(string title, params (string Name, string Colour, double[] Values)[] lines)
{
    var invariant = CultureInfo.InvariantCulture;
    double top = lines.Max(l => l.Values.Max());
    string Point(double[] values, int i) => string.Create(invariant, $"{40 + 300.0 * i / (values.Length - 1):0.#},{170 - 130 * values[i] / top:0.#}");
    string svg = $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 440 200' width='440' height='200' role='img' font-family='sans-serif' font-size='13'><title>{title}</title>"
        + "<rect width='440' height='200' fill='white'/>"
        + $"<text x='40' y='22' font-weight='bold'>{title}</text><path d='M40 40V170H340' fill='none' stroke='#888'/>"
        + string.Create(invariant, $"<text x='34' y='45' text-anchor='end'>{top:0.0}</text><text x='34' y='174' text-anchor='end'>0</text>")
        + $"<text x='40' y='188'>1</text><text x='340' y='188' text-anchor='end'>epoch {lines[0].Values.Length}</text>";
    for (int l = 0; l < lines.Length; l++)
    {
        var (name, colour, values) = lines[l];
        svg += $"<polyline fill='none' stroke='{colour}' stroke-width='2.5' points='{string.Join(' ', values.Select((_, i) => Point(values, i)))}'/>"
            + $"<text x='352' y='{60 + 22 * l}' fill='{colour}'>{name}</text>";
    }

    return svg + "</svg>";
}

// %% varies
display(HTML(Lines("Loss",
    ("training", "#1f6fb2", history.Epochs.Select(e => e.TrainingLoss).ToArray()),
    ("validation", "#b3541e", history.Epochs.Select(e => e.ValidationLoss ?? 0).ToArray()))));
display(HTML(Lines("Accuracy",
    ("training", "#1f6fb2", history.Epochs.Select(e => e.TrainingAccuracy).ToArray()),
    ("validation", "#b3541e", history.Epochs.Select(e => e.ValidationAccuracy ?? 0).ToArray()))));

// %% [markdown]
// The training loss may well lie above: training pictures are cropped and mirrored at random, and label smoothing keeps their loss from zero.
//
// ## Transform
//
// The photos that were set aside, each with its probabilities.

// %%
var predictions = model.Transform(split.TestSet);
var scored = mlContext.Data.CreateEnumerable<Scored>(predictions, reuseRowObject: false).ToList();
var names = classifier.ClassNames!.ToList();
Console.WriteLine($"{scored.Count} photos, {names.Count} probabilities each: {string.Join(", ", names)}");

// %% [markdown]
// ## Metrics: the confusion matrix
//
// A row for each true kind, a column for what it was taken for. Mangos lie between the other two, in colour and here.

// %% varies
var matrix = mlContext.MulticlassClassification.Evaluate(predictions).ConfusionMatrix;
string Cell(int row, int column)
{
    int percent = (int)(50 * matrix.Counts[row][column] / matrix.Counts[row].Sum());
    string colour = row == column ? "31 111 178" : "179 84 30";
    return $"<td style='background:rgb({colour} / {percent}%)'>{matrix.Counts[row][column]:0}</td>";
}
string Row(string name, int row) =>
    $"<tr><th>{name}</th>" + string.Concat(names.Select((_, column) => Cell(row, column)))
    + $"<td>{matrix.PerClassRecall[row] * 100:0} %</td></tr>";
display(HTML("<table><tr><th>is, taken for</th>" + string.Concat(names.Select(n => $"<th>{n}</th>"))
    + "<th>recall</th></tr>" + string.Concat(names.Select(Row)) + "</table>"));

// %% [markdown]
// ## Metrics: reliability
//
// Of the photos that got a probability around 0.8, eight in ten should be right. Each bar is the share that was right, the line is where the bars should end; with so few
// photos they are rough.

// %% folded
// Drawing a bar for each fifth of the range of probabilities.
string Reliability(List<(double Probability, bool Right)> answers)
{
    var invariant = CultureInfo.InvariantCulture;
    string svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 440 240' width='440' height='240' role='img' font-family='sans-serif' font-size='13'><title>Reliability</title>"
        + "<rect width='440' height='240' fill='white'/><text x='40' y='14' font-weight='bold'>Reliability</text>";
    for (int bin = 0; bin < 5; bin++)
    {
        var inside = answers.Where(a => Math.Min(4, (int)(a.Probability * 5)) == bin).ToList();
        double share = inside.Count == 0 ? 0 : inside.Average(a => a.Right ? 1.0 : 0);
        svg += string.Create(invariant, $"<rect x='{42 + 56 * bin}' y='{200 - 160 * share:0.#}' width='52' height='{160 * share:0.#}' fill='#1f6fb2' fill-opacity='0.6'/>")
            + $"<text x='{68 + 56 * bin}' y='34' text-anchor='middle' fill='#555'>{inside.Count}</text>"
            + string.Create(invariant, $"<text x='{68 + 56 * bin}' y='216' text-anchor='middle'>{0.2 * bin:0.0}-{0.2 * (bin + 1):0.0}</text>");
    }

    return svg + "<path d='M40 40V200H320' fill='none' stroke='#888'/><path d='M40 200L320 40' stroke='#b3541e' stroke-width='2' stroke-dasharray='6 4'/>"
        + "<text x='330' y='34' fill='#555'>photos</text><text x='330' y='216'>probability</text><text x='34' y='45' text-anchor='end'>1</text><text x='34' y='204' text-anchor='end'>0</text></svg>";
}

// %% varies
bool IsRight(Scored s) => names[Array.IndexOf(s.Score, s.Score.Max())] == KindOf(s.ImagePath);
display(HTML(Reliability(scored.Select(s => ((double)s.Score.Max(), IsRight(s))).ToList())));
Console.WriteLine($"temperature {classifier.Temperature:0.00}, calibration error {history.CalibrationError:0.00}");

// %% [markdown]
// ## Explain
//
// `Explain` says how much each patch spoke for the class: dark where it did least, pale yellow where it did most. A model that is right for the wrong reason, the
// table instead of the fruit, is found out here.

// %% varies
string Large(byte[] png) => Picture(png, "a fruit").Replace("<img", "<img width='128' height='128'");
string Rows(Func<string, string> show) =>
    string.Concat(FirstOfEach(photos, 2).Select(path => $"<td>{show(path)}</td>"));
display(HTML($"<table><tr><th>Photo</th>{Rows(path => Large(File.ReadAllBytes(path)))}</tr>"
    + $"<tr><th>Map</th>{Rows(path => Large(classifier.Explain(path).OverlayPng()))}</tr></table>"));

// %% [markdown]
// The map itself is numbers, one for each patch, row after row.

// %% varies
var map = classifier.Explain(PhotosIn(photos).First());
int brightest = map.Map.ToArray().Select((value, patch) => (value, patch)).Max().patch;
Console.WriteLine($"{map.Rows} x {map.Columns} patches");
Console.WriteLine($"the brightest is in row {brightest / map.Columns}, column {brightest % map.Columns}");

// %% [markdown]
// ## Consume
//
// The photos to look at by hand are those that the model got wrong while being sure, or right while being unsure. Here are the eight least sure.

// %% varies
var unsure = scored.OrderBy(s => s.Score.Max()).Take(8).Select(s => s.ImagePath).ToList();
display(HTML(Picture(Sheet(unsure, columns: 8), "The eight photos with the lowest probabilities")));

// %%
model.Dispose();
Directory.Delete(work, recursive: true);

// %% [markdown]
// With photos of your own, change `photos` and the trainer's options as in notebook 01 or 02; everything after `Fit` stays as it is. The command `mlnet-vit evaluate` writes these
// pictures and more as one HTML report, without code.

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
// A row that comes out.
public sealed class Scored
{
    public string ImagePath { get; set; } = "";

    public float[] Score { get; set; } = [];
}
