// Measures the contrast of all text of a page to what it stands on.
using Microsoft.Playwright;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal static class PageContrast
{
    /// <summary>
    /// WCAG 2.2's contrast ratio: relative luminances of the text's colour and of the backgrounds behind it laid over each other. Pictures and gradients
    /// are not seen. A canvas turns whatever notation a colour has into numbers.
    /// </summary>
    private const string Script = """
        () => {
          const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const over = (below, color) => {
            context.fillStyle = `rgb(${below[0]} ${below[1]} ${below[2]})`;
            context.fillRect(0, 0, 1, 1);
            context.fillStyle = color;
            context.fillRect(0, 0, 1, 1);
            return [...context.getImageData(0, 0, 1, 1).data];
          };
          const luminance = pixel => {
            const [r, g, b] = pixel.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const behind = element => {
            const colors = [];
            for (let e = element; e; e = e.parentElement) colors.unshift(getComputedStyle(e).backgroundColor);
            return colors.reduce(over, [255, 255, 255]);
          };
          const found = [];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
            if (!text || !element.checkVisibility() || ['title', 'desc'].includes(element.tagName)) continue;
            const style = getComputedStyle(element), ground = behind(element);
            const [one, other] = [ground, over(ground, element.closest('svg') ? style.fill : style.color)].map(luminance);
            found.push({ Text: text, Ratio: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) });
          }
          return found;
        }
        """;

    internal static Task<TextContrast[]> MeasureAsync(IPage page) => page.EvaluateAsync<TextContrast[]>(Script);
}

/// <summary>A text of a page and its contrast, from 1 to 21.</summary>
internal sealed class TextContrast
{
    public string Text { get; set; } = "";

    public double Ratio { get; set; }
}
