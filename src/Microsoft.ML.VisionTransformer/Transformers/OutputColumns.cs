// Refuses output columns that would hide a column that is still needed.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>
/// An output column hides an input column of its name. A prediction under the label's name would be evaluated against itself, and every model would be right.
/// </summary>
internal static class OutputColumns
{
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
