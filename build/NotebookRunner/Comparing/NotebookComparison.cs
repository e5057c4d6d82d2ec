// Compares a saved notebook with a fresh run, ignoring what may differ between machines.
using NotebookRunner.Model;

namespace NotebookRunner.Comparing;

internal static class NotebookComparison
{
    /// <summary>One line per difference, with its location; empty if there are none.</summary>
    /// <param name="saved">The notebook as it is saved.</param>
    /// <param name="fresh">The notebook with the outputs of a run.</param>
    /// <param name="sameModel">
    /// Whether the pretrained model is the one of the saved outputs. With another model, outputs that vary are compared by their kinds, the number of
    /// lines of text, and the number and sizes of images.
    /// </param>
    internal static IReadOnlyList<string> Differences(Notebook saved, Notebook fresh, bool sameModel = true)
    {
        if (Layout(saved) is var was && Layout(fresh) is var now && !was.SequenceEqual(now))
            return [$"{fresh.Name}: the cells of the saved notebook differ from those of the program: {FirstOther(was, now)}"];
        return [.. saved.Cells.Zip(fresh.Cells).SelectMany((pair, i) => Differences(pair.First, pair.Second, sameModel).Select(d => $"{fresh.Name}, cell {i + 1}, {d}"))];
    }

    /// <summary>Everything in a notebook except the outputs.</summary>
    private static string[] Layout(Notebook notebook) =>
        [.. notebook.Cells.Select(c => $"{c.Kind} {c.Id} {string.Join(' ', c.Tags)} {c.ExecutionCount}\n{c.Source}")];

    private static string FirstOther(string[] was, string[] now)
    {
        int same = was.Zip(now).TakeWhile(p => p.First == p.Second).Count();
        return $"cell {same + 1} is saved as\n{was.ElementAtOrDefault(same)}\nand is now\n{now.ElementAtOrDefault(same)}";
    }

    private static IEnumerable<string> Differences(NotebookCell saved, NotebookCell fresh, bool sameModel)
    {
        string[] was = [.. saved.Outputs.Select(Kind)], now = [.. fresh.Outputs.Select(Kind)];
        if (!was.SequenceEqual(now))
            return [$"has different outputs: saved [{string.Join("; ", was)}], now [{string.Join("; ", now)}]"];
        bool varies = fresh.Tags.Contains(NotebookCell.Varies);
        return saved.Outputs.Zip(fresh.Outputs).SelectMany((pair, i) =>
            (varies && !sameModel ? Shapes(pair.First, pair.Second) : Differences(pair.First, pair.Second, varies)).Select(d => $"output {i + 1}: {d}"));
    }

    private static string Kind(CellOutput output) => output switch
    {
        StreamOutput stream => stream.Name,
        DisplayOutput display => string.Join(", ", display.Data.Keys),
        _ => output.GetType().Name,
    };

    private static IEnumerable<string> Differences(CellOutput saved, CellOutput fresh, bool varies) => (saved, fresh) switch
    {
        (StreamOutput was, StreamOutput now) => TextComparison.Differences(was.Text, now.Text, varies),
        (DisplayOutput was, DisplayOutput now) => now.Data.SelectMany(d => Differences(d.Key, was.Data[d.Key], d.Value, varies)),
        _ => [],
    };

    private static IEnumerable<string> Shapes(CellOutput saved, CellOutput fresh) => (saved, fresh) switch
    {
        (StreamOutput was, StreamOutput now) when LineCount(was) != LineCount(now) => [$"{LineCount(was)} lines saved, {LineCount(now)} now"],
        (DisplayOutput was, DisplayOutput now) => now.Data.SelectMany(d => ImageComparison.Differences(Images(d.Key, was.Data[d.Key]), Images(d.Key, d.Value), pixelsVary: true)),
        _ => [],
    };

    private static int LineCount(StreamOutput output) => output.Text.Count(c => c == '\n');

    private static string[] Images(string type, string data) => IsImage(type) ? [data] : ImageComparison.Images(data);

    private static bool IsImage(string type) => type is "image/jpeg" or "image/png";

    private static IEnumerable<string> Differences(string type, string was, string now, bool varies) =>
        IsImage(type)
            ? ImageComparison.Differences(was, now, varies)
            : TextComparison.Differences(ImageComparison.WithoutImages(was), ImageComparison.WithoutImages(now), varies)
                .Concat(ImageComparison.Differences(ImageComparison.Images(was), ImageComparison.Images(now), varies));
}
