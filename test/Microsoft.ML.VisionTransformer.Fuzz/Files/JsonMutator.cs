// Mutates JSON, mostly into valid JSON with values that are wrong, missing, repeated, huge or of another type.
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal static class JsonMutator
{
    private const int MostSteps = 3, MostCopies = 2000;

    private static readonly string[] _values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "3", "7", "16", "255", "256", "65535", "65536", "1000000", "2147483646", "2147483647", "2147483648", "-2147483648", "4294967296",
        "9223372036854775807", "9223372036854775808", "1e308", "1e400", "-1e308", "0.5", "1e-9", "1e-320", "\"NaN\"", "\"Infinity\"", "NaN", "\"\"", "\" \"", "\"a\"", "\"\\ud800\"", "\"\\u0000\\n\"", "[]", "{}",
        "[null]", "[[]]", "[{}]", "[1,2,3,4,5,6,7,8]", "[-1]", "[2147483647,2147483647]", "[9223372036854775807,9223372036854775807]", $"\"{new string('x', 5000)}\"",
        new string('[', 15) + new string(']', 15), new string('[', 200) + new string(']', 200), $"[{string.Join(",", Enumerable.Repeat("0", 5000))}]",
    ];

    /// <summary>The text with one to three changes; if it is not JSON, its bytes are changed.</summary>
    internal static byte[] Change(byte[] json, Random random)
    {
        var raw = new List<string>();
        if (Parse(json) is not { } root)
            return ByteMutator.Change(json, random);
        for (int step = 1 + random.Next(MostSteps); step > 0; step--)
            Step(ref root, random, raw);
        string text = root.ToJsonString();
        for (int i = 0; i < raw.Count; i++)
            text = text.Replace(JsonSerializer.Serialize(Mark(i)), raw[i], StringComparison.Ordinal);
        byte[] changed = Encoding.UTF8.GetBytes(text);
        return random.Next(10) == 0 ? Damage(changed, random) : changed;
    }

    private static JsonNode? Parse(byte[] json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Step(ref JsonNode root, Random random, List<string> raw)
    {
        var positions = Positions(root).ToList();
        if (positions.Count == 0)
        {
            root = new JsonObject();
            return;
        }

        var (parent, key) = positions[random.Next(positions.Count)];
        switch (random.Next(10))
        {
            case 0:
                Remove(parent, key);
                break;
            case 1 when parent is JsonObject item:
                var value = item[key]?.DeepClone();
                item.Remove(key);
                item[random.Next(2) == 0 ? key + "x" : _values[random.Next(_values.Length)].Trim('"')] = value;
                break;
            case 2:
                var (otherParent, otherKey) = positions[random.Next(positions.Count)];
                Set(parent, key, Get(otherParent, otherKey)?.DeepClone());
                break;
            case 3 when parent is JsonArray items:
                var repeated = Get(parent, key);
                for (int copies = random.Next(MostCopies); copies > 0; copies--)
                    items.Add(repeated?.DeepClone());
                break;
            case 4 or 5 when Get(parent, key) is JsonValue number && number.TryGetValue(out double old):
                double[] near = [old + 1, old - 1, old * 2, old * 1000, -old, old / 2, old * 1e9];
                Set(parent, key, Raw(near[random.Next(near.Length)].ToString("R", CultureInfo.InvariantCulture).Replace("E+", "e", StringComparison.Ordinal), raw));
                break;
            default:
                Set(parent, key, Raw(_values[random.Next(_values.Length)], raw));
                break;
        }
    }

    /// <summary>Every member and item, with its parent.</summary>
    private static IEnumerable<(JsonNode Parent, string Key)> Positions(JsonNode? node) => node switch
    {
        JsonObject item => item.SelectMany(member => Positions(member.Value).Prepend((item, member.Key))),
        JsonArray items => items.SelectMany((value, i) => Positions(value).Prepend((items, i.ToString(CultureInfo.InvariantCulture)))),
        _ => [],
    };

    private static JsonNode? Get(JsonNode parent, string key) => parent is JsonArray items ? items.ElementAtOrDefault(Index(key)) : ((JsonObject)parent)[key];

    private static void Set(JsonNode parent, string key, JsonNode? value)
    {
        if (parent is JsonObject item)
            item[key] = value;
        else if (Index(key) < ((JsonArray)parent).Count)
            ((JsonArray)parent)[Index(key)] = value;
    }

    private static void Remove(JsonNode parent, string key)
    {
        if (parent is JsonObject item)
            item.Remove(key);
        else if (Index(key) < ((JsonArray)parent).Count)
            ((JsonArray)parent).RemoveAt(Index(key));
    }

    private static int Index(string key) => int.Parse(key, CultureInfo.InvariantCulture);

    /// <summary>A text that is replaced at the end, for what a JSON library would not write.</summary>
    private static JsonValue Raw(string text, List<string> raw)
    {
        raw.Add(text);
        return JsonValue.Create(Mark(raw.Count - 1));
    }

    private static string Mark(int index) => string.Create(CultureInfo.InvariantCulture, $"@raw{index}@");

    private static byte[] Damage(byte[] text, Random random) => random.Next(4) switch
    {
        0 => text[..random.Next(text.Length + 1)],
        1 => [.. text, .. Enumerable.Repeat((byte)' ', random.Next(1 << 20))],
        2 => [.. text, .. text],
        _ => ByteMutator.Change(text, random),
    };
}
