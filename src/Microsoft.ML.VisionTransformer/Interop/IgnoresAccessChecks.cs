// Gives this assembly access to internal members of ML.NET's core, which ML.NET makes visible only to its own trainers.
using System.Runtime.CompilerServices;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

namespace System.Runtime.CompilerServices;

/// <summary>
/// An attribute that the runtime recognizes by name: it does not check member access to the named assembly. The compiler ignores the attribute,
/// so the build compiles against reference assemblies with public members (docs/how-it-builds.md).
/// </summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    /// <summary>Simple name of the assembly.</summary>
    public string AssemblyName { get; } = assemblyName;
}
