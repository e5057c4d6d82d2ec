// Options whose values are names of an enumeration.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ChoiceOption
{
    /// <summary>One name, in the shell's spelling; the enumeration's first where the option is not given.</summary>
    internal static Option<T> One<T>(string name, string description) where T : struct, Enum => Create(name, description, "|", value => value.Choice<T>());

    /// <summary>Names separated by commas; null where the option is not given.</summary>
    internal static Option<T?> Several<T>(string name, string description) where T : struct, Enum => Create<T?>(name, description, ",", value => value.Choices<T>());

    private static Option<T> Create<T>(string name, string description, string separator, Func<SettingValue, T> read) => new(name)
    {
        Description = description,
        HelpName = string.Join(separator, Names(Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T))),
        CustomParser = result =>
        {
            try
            {
                return read(new SettingValue(name, result.Tokens[0].Value));
            }
            catch (UsageException e)
            {
                result.AddError(e.Message);
                return default!;
            }
        },
    };

    private static IEnumerable<string> Names(Type type) => Enum.GetNames(type).Select(SettingValue.Kebab);
}
