// JSON to records without generated code: the serializer compiles code for each type at its first use, which took half of the time to load a small model.
using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Reads what <see cref="ModelJson"/> writes of records, numbers, texts, enumerations, times, lists and dictionaries of texts. It gives up at anything else,
/// and at every document that is not as expected: <see cref="ModelJson"/> then reads it with the serializer, which decides and reports the error.
/// </summary>
internal static class PlainJson
{
    /// <summary>The value; null if this class cannot read the document.</summary>
    /// <param name="json">The document.</param>
    /// <param name="type">A record.</param>
    /// <param name="serializer">The serializer's options, for properties that have a converter of their own.</param>
    internal static object? TryRead(byte[] json, Type type, JsonSerializerOptions serializer)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, type, serializer);
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException or InvalidOperationException or NotSupportedException
            or ArgumentException or MissingMethodException or TargetInvocationException)
        {
            return null;    // the serializer reads it again, and reports what is wrong
        }
    }

    private static object? Read(JsonElement json, Type type, JsonSerializerOptions serializer)
    {
        bool isNullable = !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
        if (json.ValueKind == JsonValueKind.Null)
            return isNullable ? null : throw new NotSupportedException();
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return json.GetString();
        if (type == typeof(bool))
            return json.GetBoolean();
        if (type == typeof(int))
            return json.GetInt32();
        if (type == typeof(long))
            return json.GetInt64();
        if (type == typeof(float))
            return json.GetSingle();
        if (type == typeof(double))
            return json.GetDouble();
        if (type == typeof(TimeSpan))
            return TimeSpan.ParseExact(json.GetString()!, "c", CultureInfo.InvariantCulture);
        if (type.IsEnum)
            return json.GetString() is { } name && Enum.GetNames(type).Contains(name) ? Enum.Parse(type, name) : throw new NotSupportedException();
        return json.ValueKind switch
        {
            JsonValueKind.Object when type == typeof(IReadOnlyDictionary<string, string>) => Texts(json),
            JsonValueKind.Object when IsOurs(type) && !typeof(IEnumerable).IsAssignableFrom(type) => Record(json, type, serializer),
            JsonValueKind.Array => List(json, type, serializer),
            _ => throw new NotSupportedException(),
        };
    }

    private static bool IsOurs(Type type) => type.Assembly == typeof(PlainJson).Assembly;

    private static Dictionary<string, string> Texts(JsonElement json)
    {
        var texts = new Dictionary<string, string>();
        foreach (var text in json.EnumerateObject())
            texts[text.Name] = text.Value.GetString()!;
        return texts;
    }

    /// <summary>An array for an array or a list; an instance for a type that is constructed from an array.</summary>
    private static object List(JsonElement json, Type type, JsonSerializerOptions serializer)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return Array(json, type.GetGenericArguments()[0], serializer);
        if (type.IsArray)
            return Array(json, type.GetElementType()!, serializer);
        if (IsOurs(type) && type.GetConstructors() is [var constructor] && constructor.GetParameters() is [{ ParameterType: { IsArray: true } array }])
            return constructor.Invoke([Array(json, array.GetElementType()!, serializer)]);
        throw new NotSupportedException();
    }

    private static Array Array(JsonElement json, Type type, JsonSerializerOptions serializer)
    {
        var values = System.Array.CreateInstance(type, json.GetArrayLength());
        int count = 0;
        foreach (var value in json.EnumerateArray())
            ((IList)values)[count++] = Read(value, type, serializer);
        return values;
    }

    /// <summary>As the serializer: parameters that the document lacks have their defaults, and properties that the type lacks are ignored.</summary>
    private static object Record(JsonElement json, Type type, JsonSerializerOptions serializer)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        var constructors = type.GetConstructors();
        var parameters = constructors is [var single] && !type.IsValueType ? single.GetParameters() : [];
        object?[] arguments = [.. parameters.Select(p => p.HasDefaultValue ? p.DefaultValue : p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null)];
        var later = new List<(PropertyInfo Property, object? Value)>();
        foreach (var member in json.EnumerateObject())
        {
            if (properties.FirstOrDefault(p => member.NameEquals(NameOf(p))) is not { } property)
                continue;
            object? value = property.GetCustomAttribute<JsonConverterAttribute>() is { ConverterType: { } converter }
                ? member.Value.Deserialize(property.PropertyType, With(converter, serializer))
                : Read(member.Value, property.PropertyType, serializer);
            int at = System.Array.FindIndex(parameters, p => p.Name == property.Name);
            if (at >= 0)
                arguments[at] = value;
            else if (property.CanWrite)
                later.Add((property, value));
        }

        object record = parameters.Length > 0 ? constructors[0].Invoke(arguments) : Activator.CreateInstance(type)!;
        foreach (var (property, value) in later)
            property.SetValue(record, value);
        return record;
    }

    private static string NameOf(PropertyInfo property)
    {
        if (property.IsDefined(typeof(JsonPropertyNameAttribute)))
            throw new NotSupportedException();
        return property.GetCustomAttribute<StoredAsAttribute>()?.Name ?? property.Name;
    }

    private static JsonSerializerOptions With(Type converter, JsonSerializerOptions serializer)
    {
        var options = new JsonSerializerOptions(serializer);
        options.Converters.Insert(0, (JsonConverter)Activator.CreateInstance(converter, nonPublic: true)!);
        return options;
    }
}
