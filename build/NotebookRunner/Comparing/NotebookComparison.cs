// Says what differs between a saved notebook and one that was just run, as far as it should be the same on every machine.
using NotebookRunner.Model;

namespace NotebookRunner.Comparing;

internal static class NotebookComparison
{
    /// <summary>A line for each difference, and its place; empty where there is none.</summary>
    internal static IReadOnlyList<string> Differences(Notebook saved, Notebook fresh)
    {
        if (Layout(saved) is var was && Layout(fresh) is var now && !was.SequenceEqual(now))
            return [$"{fresh.Name}: the saved notebook has other cells than the program: {FirstOther(was, now)}"];
        return [.. saved.Cells.Zip(fresh.Cells).SelectMany((pair, i) => Differences(pair.First, pair.Second).Select(d => $"{fresh.Name}, cell {i + 1}, {d}"))];
    }

    /// <summary>Everything of a notebook but what running it gives.</summary>
    internal static IReadOnlyList<string> Layout(Notebook notebook) =>
        [.. notebook.Cells.Select(c => $"{c.Kind} {c.Id} {string.Join(' ', c.Tags)} {c.ExecutionCount}\n{c.Source}")];

    private static string FirstOther(IReadOnlyList<string> was, IReadOnlyList<string> now)
    {
        int same = was.Zip(now).TakeWhile(p => p.First == p.Second).Count();
        return $"cell {same + 1} is saved as\n{was.ElementAtOrDefault(same)}\nand is now\n{now.ElementAtOrDefault(same)}";
    }

    private static IEnumerable<string> Differences(NotebookCell saved, NotebookCell fresh)
    {
        string[] was = [.. saved.Outputs.Select(Kind)], now = [.. fresh.Outputs.Select(Kind)];
        if (!was.SequenceEqual(now))
            return [$"puts out other things: saved [{string.Join("; ", was)}], now [{string.Join("; ", now)}]"];
        bool varies = fresh.Tags.Contains(NotebookCell.Varies);
        return saved.Outputs.Zip(fresh.Outputs).SelectMany((pair, i) => Differences(pair.First, pair.Second, varies).Select(d => $"output {i + 1}: {d}"));
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

    private static IEnumerable<string> Differences(string type, string was, string now, bool varies) =>
        type == "image/png"
            ? PictureComparison.Differences(was, now, varies)
            : TextComparison.Differences(PictureComparison.WithoutPictures(was), PictureComparison.WithoutPictures(now), varies)
                .Concat(PictureComparison.Differences(PictureComparison.Pictures(was), PictureComparison.Pictures(now), varies));
}
