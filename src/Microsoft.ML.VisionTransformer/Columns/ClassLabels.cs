// The classes of a model as the key values of the label: text in most data sets; other types, such as numbers, keep their type.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Columns;

/// <summary>Class names in the order of the network's outputs, with the type that <c>MapKeyToValue</c> returns.</summary>
internal abstract class ClassLabels
{
    /// <summary>The names as text, one per class; "1", "2", ... if the label key has no values.</summary>
    internal abstract IReadOnlyList<string> Names { get; }

    /// <summary>ML.NET's name of the value type; null if the label key has no values.</summary>
    internal abstract string? TypeName { get; }

    /// <summary>Adds the values to a column's annotations, under the given name.</summary>
    internal abstract void AddTo(DataViewSchema.Annotations.Builder annotations, string name);

    /// <summary>The classes of a label column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not a key, or its values have a type that is not supported.</exception>
    internal static ClassLabels Of(DataViewSchema.Column label)
    {
        if (label.Type is not KeyDataViewType key)
            throw Guard.SchemaMismatch(NotAKey(label.Name, label.Type.ToString()!));
        if (key.Count is 0 or > int.MaxValue)
            throw Guard.SchemaMismatch($"The label column '{label.Name}' is a key of {key.Count} classes; it must be from 1 to {int.MaxValue}.");
        int count = (int)key.Count;
        if (label.Annotations.Schema.GetColumnOrNull(AnnotationNames.KeyValues)?.Type is not VectorDataViewType values || values.Size != count)
            return new UnnamedClassLabels(count);
        return LabelValueType.Of(values.ItemType)?.Read(label)
            ?? throw Guard.SchemaMismatch(
                $"The values of the label column '{label.Name}' have the type {values.ItemType}; map text, numbers or booleans to keys.");
    }

    /// <summary>The error message for a label column that is not a key.</summary>
    internal static string NotAKey(string name, string type) =>
        $"Schema mismatch for the label column '{name}': expected Key, got {type}. "
        + $"Put mlContext.Transforms.Conversion.MapValueToKey(\"{name}\") before the trainer.";

    /// <summary>The classes as UTF-8 JSON: {"type": ..., "count": ..., "values": [...]}.</summary>
    internal byte[] ToJson() => ModelJson.Write(new Document(TypeName, Names.Count, TypeName is null ? null : Names));

    /// <summary>Reads the output of <see cref="ToJson"/>.</summary>
    /// <exception cref="JsonException">The JSON has another form or invalid values.</exception>
    internal static ClassLabels FromJson(byte[] json)
    {
        var document = ModelJson.Read<Document>(json);
        if (document.Count is < 1 or > ArchitectureCheck.MostClasses)
            throw new JsonException($"Count is {document.Count}; it must be from 1 to {ArchitectureCheck.MostClasses}");
        if (document.Type is null)
            return new UnnamedClassLabels(document.Count);
        var type = LabelValueType.Named(document.Type) ?? throw new JsonException($"the label type {document.Type} is unknown");
        if (document.Values is null || document.Values.Count != document.Count)
            throw new JsonException($"the number of class names is {document.Values?.Count ?? 0}; it must be Count, {document.Count}");
        int missing = document.Values.TakeWhile(value => value is not null).Count();
        if (missing < document.Count)
            throw new JsonException($"Values[{missing}] is null; it must be a class name");
        try
        {
            return type.Parse(document.Values);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new JsonException($"Values: {e.Message.TrimEnd('.')}; the label type is {document.Type}", e);
        }
    }

    private sealed record Document(string? Type, int Count, IReadOnlyList<string>? Values);
}

/// <summary>Classes with values of one type.</summary>
internal sealed class ClassLabels<T>(LabelValueType<T> type, T[] values) : ClassLabels
{
    internal override IReadOnlyList<string> Names { get; } = [.. values.Select(type.Format)];

    internal override string? TypeName => type.Name;

    internal override void AddTo(DataViewSchema.Annotations.Builder annotations, string name) =>
        annotations.Add(name, new VectorDataViewType(type.ItemType, values.Length), (ref VBuffer<T> target) => values.CopyInto(ref target));
}

/// <summary>Classes of a key without values: only the number of classes is known.</summary>
internal sealed class UnnamedClassLabels(int count) : ClassLabels
{
    internal override IReadOnlyList<string> Names { get; } = [.. Enumerable.Range(1, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    internal override string? TypeName => null;

    internal override void AddTo(DataViewSchema.Annotations.Builder annotations, string name)
    {
    }
}

/// <summary>A type of label values: reads values from a column, formats them as text and parses that text.</summary>
internal abstract class LabelValueType
{
    private static readonly LabelValueType[] _all =
    [
        new LabelValueType<ReadOnlyMemory<char>>("String", TextDataViewType.Instance, v => v.ToString(), s => s.AsMemory()),
        Number<float>(NumberDataViewType.Single), Number<double>(NumberDataViewType.Double),
        Number<sbyte>(NumberDataViewType.SByte), Number<byte>(NumberDataViewType.Byte),
        Number<short>(NumberDataViewType.Int16), Number<ushort>(NumberDataViewType.UInt16),
        Number<int>(NumberDataViewType.Int32), Number<uint>(NumberDataViewType.UInt32),
        Number<long>(NumberDataViewType.Int64), Number<ulong>(NumberDataViewType.UInt64),
        new LabelValueType<bool>("Boolean", BooleanDataViewType.Instance, v => v ? "true" : "false", bool.Parse),
    ];

    private protected LabelValueType(string name, PrimitiveDataViewType itemType)
    {
        Name = name;
        ItemType = itemType;
    }

    internal string Name { get; }

    internal PrimitiveDataViewType ItemType { get; }

    /// <summary>The entry for an ML.NET type, or null.</summary>
    internal static LabelValueType? Of(DataViewType itemType) => Array.Find(_all, t => t.ItemType.Equals(itemType));

    /// <summary>The entry with the given name, or null.</summary>
    internal static LabelValueType? Named(string name) => Array.Find(_all, t => t.Name == name);

    /// <summary>The key values of a label column.</summary>
    internal abstract ClassLabels Read(DataViewSchema.Column label);

    /// <summary>Parses values from text.</summary>
    internal abstract ClassLabels Parse(IReadOnlyList<string> texts);

    private static LabelValueType<T> Number<T>(NumberDataViewType itemType)
        where T : struct, IFormattable, IParsable<T> =>
        new(typeof(T).Name, itemType, v => v.ToString(null, CultureInfo.InvariantCulture), s => T.Parse(s, CultureInfo.InvariantCulture));
}

/// <summary>A label value type with its conversions to and from text.</summary>
internal sealed class LabelValueType<T>(string name, PrimitiveDataViewType itemType, Func<T, string> format, Func<string, T> parse)
    : LabelValueType(name, itemType)
{
    internal string Format(T value) => format(value);

    internal override ClassLabels Read(DataViewSchema.Column label)
    {
        VBuffer<T> values = default;
        label.Annotations.GetValue(AnnotationNames.KeyValues, ref values);
        return new ClassLabels<T>(this, [.. values.DenseValues()]);
    }

    internal override ClassLabels Parse(IReadOnlyList<string> texts) => new ClassLabels<T>(this, [.. texts.Select(parse)]);
}
