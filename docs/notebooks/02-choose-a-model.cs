// Trains four candidates on the same photos and compares them; the notebook 02-choose-a-model.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Choose a model
//
// You have photos and must decide what to train: a linear probe, fine-tuning or a network of your
// own, at which image size. This notebook trains four candidates on the same 40 photos. It
// compares their accuracy, with its uncertainty, the training time and the time per photo.
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
using System.Diagnostics;
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
// ## Pretrained models
//
// The library knows these pretrained models by a short name. It also takes any compatible model
// of a Hugging Face hub by its id. More parameters usually mean better accuracy and slower
// predictions. Read the license before you publish a model that is based on one of them.

// %%
string Model(PretrainedModelInfo m) =>
    $"<tr><td>{m.Name}</td><td style='text-align:right'>{m.Parameters / 1e6:0.0} million</td>"
    + $"<td style='text-align:right'>{m.ImageSize}</td><td>{m.License}</td></tr>";
display(HTML("<table><tr><th>short name</th><th>parameters</th><th>image size</th><th>license</th></tr>"
    + string.Concat(VisionTransformerCheckpoint.ShortNames.Select(Model)) + "</table>"));

// %% [markdown]
// `Load` opens a checkpoint and shows what it contains. The trainer reads the same information,
// so you do not have to repeat it.

// %% varies
const string Pretrained = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";
var checkpoint = VisionTransformerCheckpoint.Load(Pretrained);
var network = checkpoint.Architecture;
Console.WriteLine($"{network.Depth} blocks with {network.Heads} heads each");
Console.WriteLine($"embedding dimension {network.EmbeddingDimension}");
Console.WriteLine($"image size {network.ImageSize}, patch size {network.PatchSize}");
checkpoint.Dispose();

// %% [markdown]
// ## The task
//
// Five kinds of flowers, 12 photos of each. 20 of the 60 photos are set aside for the test.

// %%
string photos = FindPhotos("flowers");
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 3);
var testPhotos = split.TestSet.GetColumn<string>("ImagePath").ToList();
int testRows = testPhotos.Count;
Console.WriteLine($"{testRows} test photos");

// %% varies
display(HTML(Sheet("Ten test photos", columns: 5, OfEachClass(testPhotos, 2).Select(Tile))));

// %% [markdown]
// ## Train a candidate
//
// One function trains a candidate and tests it. Validation is off, because 40 photos are too few
// to give some away.
//
// The accuracy of a test is uncertain, and with 20 photos it is very uncertain. `Interval`
// computes the 95% confidence interval of Wilson: accuracies in this range are compatible with
// the test.

// %%
Candidate Train(string name, VisionTransformerTrainer.Options options)
{
    options.FeatureColumnName = "ImagePath";
    options.ValidationSetFraction = 0;
    var clock = Stopwatch.StartNew();
    var model = mlContext.Transforms.Conversion.MapValueToKey("Label")
        .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(options))
        .Fit(split.TrainSet);
    double training = clock.Elapsed.TotalSeconds;

    clock.Restart();
    var metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(split.TestSet));
    double perPhoto = clock.Elapsed.TotalMilliseconds / testRows;
    model.Dispose();
    return new Candidate(name, (int)Math.Round(metrics.MicroAccuracy * testRows), training, perPhoto);
}

(double Low, double High) Interval(int right, int photos)
{
    const double Z = 1.96;
    double share = (double)right / photos, divisor = 1 + Z * Z / photos;
    double middle = share + Z * Z / (2 * photos);
    double half = Z * Math.Sqrt(share * (1 - share) / photos + Z * Z / (4.0 * photos * photos));
    return ((middle - half) / divisor, (middle + half) / divisor);
}

var candidates = new List<Candidate>();

// %% [markdown]
// ## Linear probe
//
// The pretrained network stays as it is. It turns each photo into features, and only a new last
// layer is trained on them.

// %%
candidates.Add(Train("linear probe", new()
{
    PretrainedModel = Pretrained,
    Strategy = TrainingStrategy.LinearProbe,
}));

// %% [markdown]
// A smaller image size has fewer patches. That makes training and prediction faster, and small
// details disappear. The library resamples the position embedding to the new size.

// %%
candidates.Add(Train("linear probe, 112 x 112", new()
{
    PretrainedModel = Pretrained,
    Strategy = TrainingStrategy.LinearProbe,
    Arch = network with { ImageSize = 112 },
}));

// %% [markdown]
// ## Fine-tuning
//
// Fine-tuning trains all layers, the first ones least. It costs most of the time in this
// notebook. The default is eight epochs; four are enough to see the idea.

// %%
candidates.Add(Train("fine-tuning, 4 epochs", new()
{
    PretrainedModel = Pretrained,
    Strategy = TrainingStrategy.FineTune,
    Epoch = 4,
}));

// %% [markdown]
// ## Training from scratch
//
// A smaller network starts from random weights. It needs thousands of photos to become good.

// %%
candidates.Add(Train("from scratch, 15 epochs", new()
{
    Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
    {
        ImageSize = 96,
        PatchSize = 12,
        Depth = 6,
    },
    Strategy = TrainingStrategy.FromScratch,
    Epoch = 15,
    BatchSize = 8,
}));

// %% [markdown]
// ## Compare
//
// The dot is the measured accuracy. The line is its confidence interval. The dashed line is the
// accuracy of guessing.

// %% folded
// Drawing accuracies with their intervals.
static string Accuracies(string title, double guessing, IEnumerable<(string Name, double Value, double Low, double High, string Label)> rows)
{
    var all = rows.ToList();
    int height = 44 * all.Count + 90;
    FormattableString X(double value) => $"{220 + 420 * value:0.#}";
    string At(double value) => FormattableString.Invariant(X(value));
    string svg = $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 760 {height}' width='760' height='{height}' role='img' font-family='sans-serif' "
        + $"font-size='15' fill='#222'><title>{title}</title><rect width='100%' height='100%' fill='white'/><text x='12' y='26' font-weight='bold'>{title}</text>";
    for (int tick = 0; tick <= 4; tick++)
        svg += $"<path d='M{At(tick / 4.0)} 42V{height - 40}' stroke='#ddd'/><text x='{At(tick / 4.0)}' y='{height - 20}' text-anchor='middle'>{25 * tick}%</text>";
    svg += $"<path d='M{At(guessing)} 42V{height - 40}' stroke='#666' stroke-dasharray='5 4'/>";
    for (int i = 0; i < all.Count; i++)
    {
        int y = 66 + 44 * i;
        svg += $"<text x='208' y='{y + 5}' text-anchor='end'>{all[i].Name}</text><path d='M{At(all[i].Low)} {y}H{At(all[i].High)}' stroke='#1f6fb2' stroke-width='5' stroke-opacity='0.4'/>"
            + $"<circle cx='{At(all[i].Value)}' cy='{y}' r='8' fill='#1f6fb2'/><text x='654' y='{y + 5}'>{all[i].Label}</text>";
    }

    return svg + "</svg>";
}

// %% varies
var chart = candidates.Select(c => (c.Name, (double)c.Right / testRows,
    Interval(c.Right, testRows).Low, Interval(c.Right, testRows).High, $"{c.Right} correct"));
display(HTML(Accuracies("Accuracy on the test photos, with 95% confidence intervals", guessing: 0.2, chart)));

// %% varies
string Row(Candidate c)
{
    var (low, high) = Interval(c.Right, testRows);
    return $"<tr><td>{c.Name}</td><td>{100.0 * c.Right / testRows:0}%</td>"
        + $"<td>{low * 100:0}% to {high * 100:0}%</td><td>{c.Training:0.0} s</td><td>{c.PerPhoto:0} ms</td></tr>";
}
display(HTML("<table><tr><th>candidate</th><th>accuracy</th><th>interval</th>"
    + "<th>training</th><th>one photo</th></tr>" + string.Concat(candidates.Select(Row)) + "</table>"));

// %% [markdown]
// ## Decide
//
// Read the intervals before the dots:
//
// - **Intervals that overlap do not rank two candidates.** With 20 test photos, two or three photos
//   decide which dot is farther to the right. Test on more photos, or on the same photos with
//   cross-validation, as [notebook 03](03-evaluate-and-explain.ipynb) does.
// - **If accuracies are equal, take the faster candidate.** A linear probe trains in seconds, so start
//   there.
// - **Fine-tune when you have more photos.** From some dozens of photos per class, fine-tuning usually
//   pays for its time.
// - **Train from scratch** only with many thousands of photos, or with images that a pretrained
//   model has never seen, such as X-rays.
//
// To compare models that you have saved, run `mlnet-vit compare a.zip b.zip --data test`. It also
// computes McNemar's test on the photos where two models disagree.

// %% [types] folded
// What is known about a candidate after its test.
public sealed record Candidate(string Name, int Right, double Training, double PerPhoto);
