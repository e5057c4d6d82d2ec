// The types that a label's key values can have, with their text form: a table.
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>A type of label values: reads them from a column, writes them as text and reads them back.</summary>
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

    /// <summary>The entry for ML.NET's type, or null.</summary>
    internal static LabelValueType? Of(DataViewType itemType) => Array.Find(_all, t => t.ItemType.Equals(itemType));

    /// <summary>The entry of that name, or null.</summary>
    internal static LabelValueType? Named(string name) => Array.Find(_all, t => t.Name == name);

    /// <summary>The key values of a label column.</summary>
    internal abstract ClassLabels Read(DataViewSchema.Column label);

    /// <summary>Values from their text.</summary>
    internal abstract ClassLabels Parse(IReadOnlyList<string> texts);

    private static LabelValueType<T> Number<T>(NumberDataViewType itemType)
        where T : struct, IFormattable, IParsable<T> =>
        new(typeof(T).Name, itemType, v => v.ToString(null, CultureInfo.InvariantCulture), s => T.Parse(s, CultureInfo.InvariantCulture));
}

/// <summary>One row of the table.</summary>
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
