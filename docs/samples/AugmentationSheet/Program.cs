// Makes a contact sheet: one photo with each augmentation, eight epochs side by side.
//
//   AugmentationSheet sheet.jpg photo [partner]
//
// Mixup and cutmix mix the photo with the partner, or with itself if there is none. The sheet is a JPEG file if its name ends in .jpg, otherwise PNG.
// It prints what each row of the sheet shows:
//
//   row  1  as for prediction
//   row  2  random crop
//   ...
//   row 18  preset ThreeAugment
//   Saved sheet.jpg.
//
// It needs no network, and SkiaSharp's native library only.
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

    // The images that a network of 72 x 72 pixels gets in training. The batch has two images, because mixup needs a partner.
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
