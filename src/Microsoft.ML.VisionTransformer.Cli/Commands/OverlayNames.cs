// Names the pictures of explanations.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

/// <summary>photo.jpg becomes photo-why.png; a second photo.jpg, from another folder, photo-2-why.png.</summary>
internal sealed class OverlayNames(string folder)
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    internal string For(InputImage image)
    {
        string stem = image.Name == "-" ? "standard-input" : Path.GetFileNameWithoutExtension(image.Name);
        string name = stem;
        for (int i = 2; !_taken.Add(name); i++)
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}");
        return Path.Combine(folder, $"{name}-why.png");
    }
}
