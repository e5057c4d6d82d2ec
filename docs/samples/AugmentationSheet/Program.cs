// A contact sheet: one photo under each augmentation, eight epochs side by side.
//
//   AugmentationSheet sheet.jpg photo [partner]
//
// The partner is what mixup and cutmix mix the photo with; without one, the photo itself. The sheet is a JPEG file if its name ends in .jpg, otherwise PNG.
// It prints what each row of the sheet shows:
//
//   row  1  as for prediction
//   row  2  random crop
//   ...
//   row 18  preset ThreeAugment
//   Saved sheet.jpg.
//
// No network is needed, and no native library but SkiaSharp's.
using System.Globalization;
using AugmentationSheet;
using Microsoft.ML.VisionTransformer;

if (args.Length is < 2 or > 3 || args.Any(a => a.StartsWith('-')))
{
    Console.Error.WriteLine("AugmentationSheet sheet.jpg photo [partner]");
    return 2;
}

try
{
    string path = args[0];
    byte[] photo = File.ReadAllBytes(args[1]), partner = args.Length > 2 ? File.ReadAllBytes(args[2]) : photo;

    // What training shows a network of 72 x 72 pixels. A batch of two: what is mixed needs a partner.
    var preprocessing = new ImagePreprocessing { Size = 72, CropFraction = 1 };
    var sheet = new Sheet();
    foreach (var (name, augmentations) in SheetRows.All)
    {
        sheet.Add(augmentations.Preview([photo, partner], preprocessing, epochs: 8, seed: 1), preprocessing.Size.Height);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row {sheet.Rows,2}  {name}"));
    }

    File.WriteAllBytes(path, sheet.Encode(path));
    Console.WriteLine($"Saved {path}.");
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidImageException)
{
    Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
    return 1;
}
