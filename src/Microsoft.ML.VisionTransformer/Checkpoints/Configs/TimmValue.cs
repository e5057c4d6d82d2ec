// A value of timm's config.json with its place in the file, read as the type that belongs there.
using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Element">The value.</param>
/// <param name="Where">File and key, for messages.</param>
internal readonly record struct TimmValue(JsonElement Element, string Where)
{
    /// <summary>No width, depth or side of a network comes near; larger numbers are damage, and sizes made of them would overflow.</summary>
    private const int Largest = 1_000_000;

    internal bool IsNull => Element.ValueKind == JsonValueKind.Null;

    internal bool Flag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Not("true or false"),
    };

    /// <summary>As <see cref="Flag"/>, null for null.</summary>
    internal bool? FlagOrNull() => IsNull ? null : Flag();

    internal string Text() => StrictJson.Text(Element, Where);

    /// <summary>A whole number from <paramref name="least"/> to a million.</summary>
    internal int Count(int least) =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value) && value >= least && value <= Largest
            ? value
            : throw Not($"a whole number from {least} to {Largest}");

    /// <summary>A finite number.</summary>
    internal double Number() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out double value) && double.IsFinite(value) ? value : throw Not("a finite number");

    /// <summary>A number above 0 and up to <paramref name="most"/>.</summary>
    internal double Positive(double most)
    {
        double value = Number();
        return value > 0 && value <= most ? value : throw Not(string.Create(CultureInfo.InvariantCulture, $"a number above 0, at most {most}"));
    }

    /// <summary>A dropout rate in [0, 1).</summary>
    internal double Rate() => Number() is double value and >= 0 and < 1 ? value : throw Not("a rate in [0, 1)");

    /// <summary>One number for both sides, or [rows, columns].</summary>
    internal ImageDimensions Size()
    {
        if (Element.ValueKind == JsonValueKind.Number)
            return Count(1);
        var sides = Items();
        return sides.Length == 2 ? (sides[0].Count(1), sides[1].Count(1)) : throw Not("a side, or [rows, columns]");
    }

    /// <summary>The members of a list.</summary>
    internal TimmValue[] Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Not("a list");
        string where = Where;
        return [.. Element.EnumerateArray().Select((item, i) => new TimmValue(item, string.Create(CultureInfo.InvariantCulture, $"{where}[{i}]")))];
    }

    /// <summary>One of the texts of a table, as what it means.</summary>
    internal T One<T>(IReadOnlyDictionary<string, T> meanings) =>
        Element.ValueKind == JsonValueKind.String && meanings.TryGetValue(Text(), out var meaning)
            ? meaning
            : throw Not($"one of {string.Join(", ", meanings.Keys.Select(key => $"\"{key}\""))}");

    /// <summary>The error for a value that does not belong here.</summary>
    internal InvalidCheckpointException Not(string allowed)
    {
        string shown = Element.ValueKind is JsonValueKind.Array or JsonValueKind.Object ? StrictJson.Kind(Element) : MessageText.Of(Element.GetRawText());
        return new($"{Where} is {shown}; {allowed} is expected. Correct the file or pass the architecture.");
    }
}
