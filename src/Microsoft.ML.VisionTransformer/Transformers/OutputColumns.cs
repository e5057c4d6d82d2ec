// Output columns: added to schemas, and refused where they would hide a column that is still needed.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>
/// An output column hides an input column of its name. A prediction under the label's name would be evaluated against itself, and every model would be right.
/// </summary>
internal static class OutputColumns
{
    /// <summary>The input's columns, then one of Single; a column of the same name in the input stays, hidden.</summary>
    internal static DataViewSchema Add(DataViewSchema input, string name, params int[] sizes)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(name, new VectorDataViewType(NumberDataViewType.Single, sizes));
        return builder.ToSchema();
    }

    /// <summary>The same as far as it is known before there is data.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    internal static SchemaShape Add(SchemaShape input, string name, string image)
    {
        ImageColumn.Check(Guard.NotNull(input), image);
        return SchemaShapes.Of([.. input.Where(c => c.Name != name), SchemaShapes.Vector(name, NumberDataViewType.Single)]);
    }

    /// <summary>Checks that names are given and differ.</summary>
    /// <param name="outputs">Parameter or option and name of each output column.</param>
    /// <param name="inputs">Parameter or option and name of each input column; a name may be null where the column is optional.</param>
    /// <exception cref="ArgumentException">A name is blank, or is there twice.</exception>
    internal static void Check((string Option, string Name)[] outputs, (string Option, string? Name)[] inputs)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            var (option, name) = outputs[i];
            Guard.NotBlank(name, option);
            if (Array.Find(inputs, input => input.Name == name) is { Name: not null } input)
                throw new ArgumentException($"{option} and {input.Option} are both '{name}': the output column would hide the input column. Give the output another name.", option);
            if (Array.Find(outputs[(i + 1)..], other => other.Name == name) is { Name: not null } other)
                throw new ArgumentException($"{option} and {other.Option} are both '{name}'; give them two names.", option);
        }
    }
}
