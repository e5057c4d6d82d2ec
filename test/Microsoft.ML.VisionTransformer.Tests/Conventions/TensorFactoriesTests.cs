// Tensors are created with an explicit type and device, independent of TorchSharp's defaults that the caller may have set.
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed partial class TensorFactoriesTests
{
    /// <summary>Every function of TorchSharp that makes a tensor on a device which its caller may leave out, such as empty, eye and tensor.</summary>
    private static readonly HashSet<string> _factories = [.. typeof(torch).GetMethods(BindingFlags.Public | BindingFlags.Static)
        .Where(m => m.ReturnType == typeof(torch.Tensor) && m.GetParameters().Any(p => p.ParameterType == typeof(torch.Device) && p.IsOptional))
        .Select(m => m.Name)];

    /// <summary>These take missing settings from a tensor or from the type of their values, not from the defaults.</summary>
    private static readonly HashSet<string> _typed = ["tensor", "from_array", "as_tensor", "frombuffer"];

    [TestMethod]
    public void TheLibraryNamesTypeAndDeviceOfEachTensorItMakes()
    {
        var wrong = Directory.EnumerateFiles(SourceTree.Library, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(SourceTree.Library, path).StartsWith("obj", StringComparison.Ordinal))
            .SelectMany(path => Faults(File.ReadAllText(path)).Select(call => $"{Path.GetRelativePath(SourceTree.Library, path)}: {call}"));

        Assert.IsEmpty(wrong);
    }

    [TestMethod]
    [DataRow("var x = empty([n, f(n)]);", 1)]
    [DataRow("var x = empty([n], dtype: ScalarType.Float32);", 1)]
    [DataRow("var x = torch.eye(n, device: y.device);", 1)]
    [DataRow("var x = eye(n, dtype: y.dtype, device: y.device);", 0)]
    [DataRow("var x = tensor(values, [n]);", 1)]
    [DataRow("var x = tensor(values, [n], device: CPU);", 0)]
    [DataRow("var x = zeros_like(y); /// tensor(x) and\n// a tensor(of words)", 0)]
    [DataRow("internal NamedWeight(string name, Tensor tensor); tensor.CopyTo(x); fill(tensor);", 0)]
    public void AForgottenTypeOrDeviceIsFound(string source, int faults) => Assert.HasCount(faults, Faults(source));

    private static string[] Faults(string source)
    {
        string code = Comment().Replace(source, "");
        return [.. Call().Matches(code)
            .Where(call => _factories.Contains(call.Groups[1].Value) && !call.Groups[1].Value.EndsWith("_like", StringComparison.Ordinal))
            .Select(call => (Name: call.Groups[1].Value, Text: Balanced(code, call.Index, call.Index + call.Length)))
            .Where(call => !call.Text.Contains("device:", StringComparison.Ordinal) || !(call.Text.Contains("dtype:", StringComparison.Ordinal) || _typed.Contains(call.Name)))
            .Select(call => call.Text)];
    }

    /// <summary>The text of a call, up to the bracket that ends it.</summary>
    private static string Balanced(string code, int start, int inside)
    {
        int end = inside;
        for (int depth = 1; depth > 0; end++)
            depth += code[end] switch { '(' => 1, ')' => -1, _ => 0 };
        return code[start..end];
    }

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?<![\w.])(?:torch\.)?(\w+)\(")]
    private static partial Regex Call();
}
