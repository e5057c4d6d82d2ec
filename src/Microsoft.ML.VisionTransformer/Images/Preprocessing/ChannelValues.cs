// One value per color channel, compared by value.
using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// One value per color channel, in the order red, green, blue. Two instances are equal if all their values are equal.
/// </summary>
/// <param name="values">The values, one per channel.</param>
/// <seealso cref="ImagePreprocessing"/>
[JsonConverter(typeof(JsonArrayConverter))]
public sealed class ChannelValues(params float[] values) : IReadOnlyList<float>, IEquatable<ChannelValues>
{
    private readonly float[] _values = [.. values];

    /// <summary>Number of channels.</summary>
    public int Count => _values.Length;

    /// <summary>The value of a channel.</summary>
    /// <param name="index">The channel, from 0.</param>
    public float this[int index] => _values[index];

    /// <summary>
    /// The values for another number of channels: with fewer channels, each is the average of all values; additional channels have the average. A single
    /// value is repeated.
    /// </summary>
    internal ChannelValues ForChannels(int channels)
    {
        float average = _values.Average();
        return channels == Count ? this : new([.. Enumerable.Range(0, channels).Select(c => channels > Count && c < Count ? _values[c] : average)]);
    }

    /// <summary>Whether all values are equal.</summary>
    /// <param name="other">The other values.</param>
    /// <returns>
    /// True if the other instance has the same number of channels and the same values. False if it is null.
    /// </returns>
    public bool Equals(ChannelValues? other) => other is not null && _values.AsSpan().SequenceEqual(other._values);

    /// <summary>Whether the other object is a <see cref="ChannelValues"/> with equal values.</summary>
    /// <param name="obj">The other object.</param>
    /// <returns>True if it is equal. False for any other type.</returns>
    public override bool Equals(object? obj) => Equals(obj as ChannelValues);

    /// <summary>A hash code that is the same for equal values.</summary>
    /// <returns>A hash of all values.</returns>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (float value in _values)
            hash.Add(value);
        return hash.ToHashCode();
    }

    /// <summary>The values as text, such as "0.485, 0.456, 0.406".</summary>
    /// <returns>The text, in the invariant culture.</returns>
    public override string ToString() => string.Join(", ", _values.Select(v => v.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Enumerates the values.</summary>
    /// <returns>The values in the order of the channels.</returns>
    public IEnumerator<float> GetEnumerator() => ((IEnumerable<float>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Reads and writes the values as a JSON array.</summary>
    private sealed class JsonArrayConverter : JsonConverter<ChannelValues>
    {
        public override ChannelValues Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<float[]>(ref reader, options) ?? throw new JsonException("channel values are null"));

        public override void Write(Utf8JsonWriter writer, ChannelValues value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.ToArray(), options);
    }
}
