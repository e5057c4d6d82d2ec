// Tells the runtime that this assembly may use the internal members of ML.NET's core, which ML.NET opens to its own trainers alone.
using System.Runtime.CompilerServices;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

namespace System.Runtime.CompilerServices;

/// <summary>
/// An attribute that the runtime knows by its name: member access to the named assembly is not checked. The compiler does not know it,
/// which is why the build compiles against opened copies (docs/how-it-builds.md).
/// </summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    /// <summary>Simple name of the assembly that is opened.</summary>
    public string AssemblyName { get; } = assemblyName;
}
