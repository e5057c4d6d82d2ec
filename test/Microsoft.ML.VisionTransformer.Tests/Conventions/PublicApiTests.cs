// The public surface, compared with a text file: a change of it shows up as a diff that someone reads.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed class PublicApiTests
{
    private static readonly string _approved = Path.Combine(SourceTree.Tests, "Conventions", "PublicApi.txt");

    [TestMethod]
    public void ThePublicSurfaceIsTheApprovedOne()
    {
        string found = string.Join('\n', typeof(VisionTransformerTrainer).Assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal).SelectMany(Describe)) + "\n";
        string received = Path.ChangeExtension(_approved, ".received.txt");
        string expected = File.Exists(_approved) ? File.ReadAllText(_approved).ReplaceLineEndings("\n") : "";
        if (found != expected)
            File.WriteAllText(received, found);

        Assert.AreEqual(expected, found, $"The public surface changed. If that is meant, put {received} in place of {_approved}.");
        File.Delete(received);
    }

    private static IEnumerable<string> Describe(Type type)
    {
        yield return $"{Kind(type)} {type.FullName}{Bases(type)}";
        if (type.IsEnum)
        {
            foreach (string name in Enum.GetNames(type))
                yield return $"    {name} = {Convert.ToInt64(Enum.Parse(type, name), System.Globalization.CultureInfo.InvariantCulture)}";
            yield break;
        }

        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var lines = type.GetMembers(Own).Where(m => IsPublic(m) && !m.Name.StartsWith('<')).Select(Line).OfType<string>();
        foreach (string line in lines.OrderBy(l => l, StringComparer.Ordinal))
            yield return "    " + line;
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string Bases(Type type)
    {
        string[] bases = [.. new[] { type.BaseType }.Concat(type.GetInterfaces())
            .Where(t => t is not null && t != typeof(object) && t != typeof(ValueType) && t != typeof(Enum) && t.IsVisible).Select(t => Name(t!)).Order(StringComparer.Ordinal)];
        return type.IsEnum || bases.Length == 0 ? "" : " : " + string.Join(", ", bases);
    }

    private static bool IsPublic(MemberInfo member) => member switch
    {
        MethodBase m => m.IsPublic || m.IsFamily,
        FieldInfo f => f.IsPublic || f.IsFamily,
        PropertyInfo p => p.GetAccessors(nonPublic: false).Length > 0,
        _ => false,
    };

    private static string? Line(MemberInfo member) => member switch
    {
        ConstructorInfo c => $"new({Parameters(c)})",
        MethodInfo { IsSpecialName: true } m when !m.Name.StartsWith("op_", StringComparison.Ordinal) => null,
        MethodInfo m => $"{(m.IsStatic ? "static " : "")}{Name(m.ReturnType)} {m.Name}({Parameters(m)})",
        FieldInfo f => $"field {Name(f.FieldType)} {f.Name}",
        PropertyInfo p => $"{(p.GetAccessors()[0].IsStatic ? "static " : "")}{Name(p.PropertyType)} {p.Name} {{ get;{Setter(p)} }}",
        _ => null,
    };

    private static string Setter(PropertyInfo property)
    {
        if (property.GetSetMethod() is not { } setter)
            return "";
        bool init = setter.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == "IsExternalInit");
        return init ? " init;" : " set;";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? " = " + (p.DefaultValue ?? "null") : "")}"));

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return "ref " + Name(type.GetElementType()!);
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        return type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : type.Name;
    }
}
