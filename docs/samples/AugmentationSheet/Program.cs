// A contact sheet: one image under each augmentation, eight epochs side by side.
//
//   AugmentationSheet [sheet.png [image [partner]]]
//
// Without an image it draws two; the partner is what mixup and cutmix mix the image with. It prints what each row of the sheet shows:
//
//   row  1  as for prediction
//   row  2  random crop
//   ...
//   row 18  preset ThreeAugment
//   Saved sheet.png.
//
// No network is needed, and no native library but SkiaSharp's.
using System.Globalization;
using AugmentationSheet;
using Microsoft.ML.VisionTransformer;

if (args.Length > 3 || args.Any(a => a.StartsWith('-')))
{
    Console.Error.WriteLine("AugmentationSheet [sheet.png [image [partner]]]");
    return 2;
}

try
{
    string path = args.Length > 0 ? args[0] : "sheet.png";
    byte[] image = args.Length > 1 ? File.ReadAllBytes(args[1]) : GeneratedImage.Draw(warm: true);
    byte[] partner = args.Length > 2 ? File.ReadAllBytes(args[2]) : GeneratedImage.Draw(warm: false);

    // What training shows a network of 72 x 72 pixels. A batch of two: what is mixed needs a partner.
    var preprocessing = new ImagePreprocessing { Size = 72, CropFraction = 1 };
    var sheet = new Sheet();
    foreach (var (name, augmentations) in SheetRows.All)
    {
        sheet.Add(augmentations.Preview([image, partner], preprocessing, epochs: 8, seed: 1), preprocessing.Size.Height);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row {sheet.Rows,2}  {name}"));
    }

    File.WriteAllBytes(path, sheet.ToPng());
    Console.WriteLine($"Saved {path}.");
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidImageException)
{
    Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
    return 1;
}
